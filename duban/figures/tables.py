"""Progress towards a target and the figures that indicators are computed from. Append-only: the newest counts."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, String, Table, Text

from duban.core.db import Amount, Id, Moment, metadata

progress = Table(
    "progress",
    metadata,
    Column("id", Id, primary_key=True),
    Column("obligation_id", Id, ForeignKey("obligation.id"), nullable=False),
    Column("value", Amount, nullable=False),
    Column("as_of_on", Date, nullable=False),
    Column("reason", Text),  # required when the figure is lower than last time or doubtful
    Column("doubt", Text),  # why it was doubtful
    Column("reported_by", Id, ForeignKey("person.id"), nullable=False),
    Column("reported_at", Moment, nullable=False),
    Index("ix_progress_obligation_id_as_of_on", "obligation_id", "as_of_on"),
)

figure = Table(
    "figure",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("edition.id"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id")),  # null: the city's own figure
    Column("name", String(64), nullable=False),  # a name in the indicators' formulas
    Column("value", Amount),  # null: known to be unknown, e.g. 应参检 not yet counted
    Column("unit_of_measure", String(32), nullable=False, server_default=""),
    Column("as_of_on", Date, nullable=False),
    Column("reason", Text),
    Column("doubt", Text),
    Column("reported_by", Id, ForeignKey("person.id"), nullable=False),
    Column("reported_at", Moment, nullable=False),
    Index("ix_figure_edition_id_name_unit_id", "edition_id", "name", "unit_id"),
)
