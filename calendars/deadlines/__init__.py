"""The deadline language: what a notice's words about time mean, and their dates in a plan year.

grammar.read understands a phrase whole or gives it to a person; resolve.resolve finds its dates. Pure: no clock, no
files. A phrase as a source wrote it, in either script, comes in by calendars.phrases.
"""
