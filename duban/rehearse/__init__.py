"""A whole year on a virtual clock."""
