"""The deadline language: what a notice's words about time mean, and their dates in a plan year.

read() understands a phrase whole or gives it to a person; resolve() finds its dates. Pure: no clock, no files.
"""

from rules.deadline.grammar import read
from rules.deadline.resolve import resolve
from rules.deadline.values import CannotResolve, NotUnderstood, Occurrence, Reading, Resolution

__all__ = ["CannotResolve", "NotUnderstood", "Occurrence", "Reading", "Resolution", "read", "resolve"]
