"""Units with parents, aliases and several contacts; people and their roles."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, true

from duban.core.db import Id, metadata

unit = Table(
    "unit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    # bureau, district_bureau, department, town, service, association, social_organisation …
    Column("kind", String(32), nullable=False),
    Column("parent_id", Id, ForeignKey("unit.id"), index=True),  # the superior that a 督办 goes to
    Column("active", Boolean, nullable=False, server_default=true()),
)

unit_alias = Table(
    "unit_alias",
    metadata,
    Column("alias_key", String(200), primary_key=True),  # simplified, NFKC, without spaces
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
)

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("name", "unit_id"),
)

person_role = Table(
    "person_role",
    metadata,
    Column("person_id", Id, ForeignKey("person.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
)

contact = Table(
    "contact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column(
        "duty", String(16), nullable=False
    ),  # handler, backup, deputy_leader, leader, officer (of the bureau)
    Column("channel", String(16), nullable=False),  # mail, apprise
    Column("address", String(300), nullable=False),
    # 1 is told first; a higher rank takes over when the one before has failed for good.
    Column("rank", Integer, nullable=False, server_default="1"),
    Column("active", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("unit_id", "channel", "address"),
    Index("ix_contact_unit_id_duty_rank", "unit_id", "duty", "rank"),
)
