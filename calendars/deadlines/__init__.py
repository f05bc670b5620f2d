"""The deadline language: what a notice's words about time mean, and their dates in a plan year.

read() understands a phrase whole or gives it to a person; resolve() finds its dates. Pure: no clock, no files.
"""

from __future__ import annotations
