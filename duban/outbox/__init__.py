"""The rows of what is to leave the house, and to whom."""
