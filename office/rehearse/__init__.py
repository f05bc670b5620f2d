"""A whole year played on a virtual clock against a scratch ledger, with the same actions as the real day.

Nothing here decides what is owed or who is told; it only moves the clock, lets invented people act, makes things go
wrong when asked to, and checks the invariants of the design after every day.
"""
