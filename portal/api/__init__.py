"""The data interface (/api/v1): what a province's platform pulls and pushes, by tokens, over the same actions as the pages."""
