"""What may be closed: the order of stages and exceptions from it, forwards that are asked for, what became of a
submission, zero reports, problems that are carried on. A cell "--" is owed by nobody, a blank one waits for a person.
"""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from duban.core.db import Id, Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "milestone_order",
        sa.Column("milestone_id", Id, sa.ForeignKey("milestone.id"), primary_key=True),
        sa.Column("earlier_id", Id, sa.ForeignKey("milestone.id"), primary_key=True),
    )
    op.create_table(
        "forward_request",
        sa.Column("id", Id, primary_key=True),
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False, index=True),
        sa.Column("from_unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("to_unit_id", Id, sa.ForeignKey("unit.id"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("decided_by", Id, sa.ForeignKey("person.id")),
        sa.Column("decided_at", Moment()),
        sa.Column("verdict", sa.String(16)),
        sa.Column("reply", sa.Text()),
        sa.Index(
            "ix_forward_request_undecided",
            "asked_at",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        ),
    )
    op.create_table(
        "early_pass",
        sa.Column("id", Id, primary_key=True),
        sa.Column("obligation_id", Id, sa.ForeignKey("obligation.id"), nullable=False, index=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("allowed_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("allowed_at", Moment(), nullable=False),
    )
    op.create_table(
        "zero_report", sa.Column("submission_id", Id, sa.ForeignKey("submission.id"), primary_key=True)
    )
    op.create_table(
        "submission_fate",
        sa.Column("submission_id", Id, sa.ForeignKey("submission.id"), primary_key=True),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_table(
        "problem_carry",
        sa.Column("id", Id, primary_key=True),
        sa.Column("problem_id", Id, sa.ForeignKey("problem.id"), nullable=False, index=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("previous_due_on", sa.Date()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("carried_by", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("carried_at", Moment(), nullable=False),
    )
    _order()
    # Nobody had begun with these; what somebody works on stays and is decided by a person.
    for cell, state in (("none", "cancelled"), ("blank", "registered")):
        op.execute(
            f"UPDATE obligation SET state = '{state}', version = version + 1 "
            f"WHERE state = 'assigned' AND target_state = '{cell}'"
        )


def downgrade() -> None:
    op.execute(
        "UPDATE obligation SET state = 'assigned' WHERE state = 'registered' AND target_state = 'blank'"
    )
    for table in (
        "problem_carry",
        "submission_fate",
        "zero_report",
        "early_pass",
        "forward_request",
        "milestone_order",
    ):
        op.drop_table(table)


def _order() -> None:
    """For the editions that are there: what the milestone's file names, and in a rectification the stages before it."""
    names = ("id", "edition_id", "key", "stage")
    milestone = sa.table("milestone", *map(sa.column, names), sa.column("body", sa.JSON))
    edition = sa.table("edition", sa.column("id"), sa.column("kind"))
    rows = op.get_bind().execute(
        sa.select(*milestone.c, edition.c.kind).select_from(
            milestone.join(edition, edition.c.id == milestone.c.edition_id)
        )
    )
    editions = defaultdict(list)
    for row in rows:
        editions[row.edition_id].append(row)
    found = [
        {"milestone_id": one.id, "earlier_id": other.id}
        for some in editions.values()
        for one in some
        for other in some
        if other.key in one.body.get("after", ())
        or (one.kind == "rectification" and one.stage and other.stage and other.stage < one.stage)
    ]
    if found:
        op.bulk_insert(
            sa.table("milestone_order", sa.column("milestone_id", Id), sa.column("earlier_id", Id)), found
        )
