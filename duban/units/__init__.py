"""Responsible units, their contacts and the people in them."""
