"""Lists of subjects with their outcomes."""
