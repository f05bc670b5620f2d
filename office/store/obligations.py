"""One obligation as an act needs it, and the conditional change that every act ends in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select, update

from office.errors import Changed, NotFound
from office.store.tables import edition, milestone, obligation, point, review, sign_off, submission, unit
from rules.campaign import EvidenceType, ExpectedEvidence
from rules.moves import Matter, State
from rules.people import SYSTEM, Actor
from rules.sight import sight_of

_IN_FORCE = frozenset({"published", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What one unit owes by one date, with what its acts are judged by."""

    id: int
    edition_id: int
    campaign: str
    milestone: str
    label: str
    point_id: int
    unit_id: int
    unit: str
    subject_id: int
    state: State
    state_before: State | None
    due_on: date
    hard_due_on: date | None
    submitted_on: date | None
    late: bool
    returned_times: int
    extended_times: int
    handler_id: int | None
    backup_id: int | None
    review_levels: int
    evidence: tuple[ExpectedEvidence, ...]
    in_force: bool
    version: int

    @property
    def title(self) -> str:
        """How sentences call it."""
        return f"{self.campaign}·{self.milestone}" + (f"（{self.label}）" if self.label else "")


def load(
    connection: Connection, obligation_id: int, *, version: int | None = None, by: Actor = SYSTEM
) -> Obligation:
    """The obligation as it stands; refused when it changed since somebody saw `version`.

    Whoever may not see it learns nothing of it, not even whether it is there.
    """
    row = connection.execute(_WHOLE.where(obligation.c.id == obligation_id)).first()
    if row is None or not sight_of(by).sees(row.unit_id):
        raise NotFound(no_such(obligation_id))
    if version is not None and version != row.version:
        raise Changed(_CHANGED)
    return _obligation(row)


def no_such(obligation_id: int) -> str:
    """The sentence for a number that names nothing, or nothing that the person may see."""
    return f"没有编号为 {obligation_id} 的任务，或它不归您的单位，请在任务列表中查看编号。"


def matter(connection: Connection, one: Obligation) -> Matter:
    """The obligation with everybody who had a part in it, as the rules judge it."""
    submitters, reviewers, closers, passed = _people(connection, one)
    return Matter(
        state=one.state,
        unit_id=one.unit_id,
        state_before=one.state_before,
        review_levels=one.review_levels,
        submitters=submitters,
        reviewers=reviewers,
        closers=closers | _signed_by(connection, one.id),
        passed_by=passed,
        in_force=one.in_force,
    )


def change(connection: Connection, one: Obligation, **values: object) -> None:
    """Write the new values if nobody else changed the row since it was loaded, and refuse otherwise."""
    done = connection.execute(
        update(obligation)
        .where(obligation.c.id == one.id, obligation.c.version == one.version)
        .values(**values, version=obligation.c.version + 1)
    )
    if done.rowcount != 1:
        raise Changed(_CHANGED)


def expected_evidence(body: dict[str, Any]) -> tuple[ExpectedEvidence, ...]:
    """A stored milestone's list of expected evidence as values."""
    return tuple(
        ExpectedEvidence(
            key=item["key"],
            title=item["title"],
            type=EvidenceType(item.get("type", "document")),
            required=item.get("required", True),
            unit_of_measure=item.get("unit_of_measure"),
            minimum=_decimal(item.get("minimum")),
            maximum=_decimal(item.get("maximum")),
            reason=item.get("reason"),
        )
        for item in body.get("evidence", ())
    )


_CHANGED = "这项任务刚刚被别人改动，您的操作没有生效，请查看最新情况后再办。"

_WHOLE = (
    select(
        obligation,
        edition.c.name.label("campaign_name"),
        edition.c.state.label("edition_state"),
        milestone.c.title.label("milestone_title"),
        milestone.c.review_levels,
        milestone.c.body,
        point.c.label,
        unit.c.name.label("unit_name"),
    )
    .join_from(obligation, edition, edition.c.id == obligation.c.edition_id)
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .join(point, point.c.id == obligation.c.point_id)
    .join(unit, unit.c.id == obligation.c.unit_id)
)


def _obligation(row: Row[Any]) -> Obligation:
    return Obligation(
        id=row.id,
        edition_id=row.edition_id,
        campaign=row.campaign_name,
        milestone=row.milestone_title,
        label=row.label,
        point_id=row.point_id,
        unit_id=row.unit_id,
        unit=row.unit_name,
        subject_id=row.subject_id,
        state=State(row.state),
        state_before=State(row.state_before) if row.state_before else None,
        due_on=row.due_on,
        hard_due_on=row.hard_due_on,
        submitted_on=row.submitted_on,
        late=bool(row.late),
        returned_times=row.returned_times,
        extended_times=row.extended_times,
        handler_id=row.handler_id,
        backup_id=row.backup_id,
        review_levels=row.review_levels,
        evidence=expected_evidence(row.body),
        in_force=row.edition_state in _IN_FORCE,
        version=row.version,
    )


def _people(
    connection: Connection, one: Obligation
) -> tuple[frozenset[int], frozenset[int], frozenset[int], tuple[int, ...]]:
    """Submitters, reviewers, those who declined to sign off, and who passed the newest submission so far."""
    rows = connection.execute(
        select(
            submission.c.id, submission.c.submitted_by, review.c.level, review.c.verdict, review.c.reviewed_by
        )
        .outerjoin(review, review.c.submission_id == submission.c.id)
        .where(submission.c.obligation_id == one.id)
        .order_by(submission.c.nth, review.c.level)
    ).all()
    reviews = [row for row in rows if row.reviewed_by is not None]
    newest = rows[-1].id if rows else None
    return (
        frozenset(row.submitted_by for row in rows),
        frozenset(row.reviewed_by for row in reviews if row.level <= one.review_levels),
        frozenset(row.reviewed_by for row in reviews if row.level > one.review_levels),
        tuple(row.reviewed_by for row in reviews if row.id == newest and row.verdict == "passed"),
    )


def _signed_by(connection: Connection, obligation_id: int) -> frozenset[int]:
    rows = connection.execute(select(sign_off.c.signed_by).where(sign_off.c.obligation_id == obligation_id))
    return frozenset(row.signed_by for row in rows)


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
