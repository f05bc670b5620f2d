"""Problem ledgers of a rectification: problems, and the measures under each, struck off one by one."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from duban.core.db import Id, Moment, metadata

problem = Table(
    "problem",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False, index=True),
    Column("milestone_id", Id, ForeignKey("milestone.id")),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("code", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("pace", String(16), nullable=False),  # at_once 立行立改, by_date 限期整改, lasting 长期坚持
    Column("found_on", Date, nullable=False),
    Column("due_on", Date),
    Column("state", String(16), nullable=False),  # open, fixed, closed
    Column("fixed_by", Id, ForeignKey("person.id")),
    Column("fixed_at", Moment),
    Column("closed_by", Id, ForeignKey("person.id")),
    Column("closed_at", Moment),
    UniqueConstraint("edition_id", "code"),
)

# 结转: it stays open past the date of its stage, with a reason and a new date of its own.
problem_carry = Table(
    "problem_carry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("problem_id", Id, ForeignKey("problem.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("previous_due_on", Date),
    Column("due_on", Date, nullable=False),
    Column("carried_by", Id, ForeignKey("person.id"), nullable=False),
    Column("carried_at", Moment, nullable=False),
)

measure = Table(
    "measure",
    metadata,
    Column("id", Id, primary_key=True),
    Column("problem_id", Id, ForeignKey("problem.id"), nullable=False),
    Column("nth", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("due_on", Date),
    Column("done_on", Date),
    Column("done_by", Id, ForeignKey("person.id")),
    UniqueConstraint("problem_id", "nth"),
)
