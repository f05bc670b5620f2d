"""What an obligation may not be closed without: the stages before it, and the problems on its ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select

from calendars.model import CampaignKind
from duban.editions.tables import edition, milestone, milestone_order, point
from duban.evidence.tables import submission, zero_report
from duban.obligations.states import OPEN, WAITING, State
from duban.obligations.tables import early_pass, obligation
from duban.problems.rules import LedgerStanding, ProblemState
from duban.problems.tables import problem, problem_carry
from duban.units.tables import unit

_WAITS = sorted(OPEN | WAITING)
# What keeps a later stage back. A cell that waits for a person is nobody's duty yet; what is let off counts as closed.
_LEFT = sorted(OPEN | WAITING | {State.SUSPENDED})
_other, _its_point, _before = obligation.alias(), point.alias(), milestone.alias()
# Statements are built once: an act asks both for one obligation, a list for a page of them.
_THESE = obligation.c.id.in_(bindparam("ids", expanding=True))


def waiting_for(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Of these obligations the earlier stages that are not closed, in their order; nothing where nobody has to wait.

    An obligation waits for its own unit's, or its own subject's, earlier steps; in a rectification also for everybody's
    part in a stage in which its unit had none. Of a step that recurs what falls up to its own date counts.
    """
    stages = defaultdict[int, list[str]](list)
    if not ids:
        return {}
    for one, title, label in connection.execute(_STAGES, {"ids": list(ids)}):
        stages[one].append(f"{title}（{label}）" if label else title)
    return {one: tuple(names) for one, names in stages.items()}


def ledger_standings(connection: Connection, ids: Sequence[int]) -> Mapping[int, LedgerStanding]:
    """Of those of them that keep a problem ledger, how it stands.

    On a unit's ledger stand its own problems and those of units that owe nothing themselves at this point: all of
    them where it is the only one that does, else those of the units beneath it. A problem that names no milestone
    belongs to every ledger of its edition.
    """
    rows = connection.execute(_LEDGERS, {"ids": list(ids)}).all()
    problems = defaultdict[int, list[tuple[str, ProblemState, date | None]]](list)
    if rows:
        for one, code, state, carried_to in connection.execute(_LISTED, {"ids": [row.id for row in rows]}):
            problems[one].append((code, ProblemState(state), carried_to))
    return {
        row.id: LedgerStanding.of(
            problems[row.id],
            stage_due_on=row.due_on,
            zero_reported=row.newest is not None and row.newest == row.zero,
        )
        for row in rows
    }


def _exists(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is another obligation like that."""
    return select(_other.c.id).where(*conditions).correlate_except(_other).exists()


def waits() -> ColumnElement[bool]:
    """Whether the obligation of a row waits for an earlier stage, where a set of them is closed in one statement."""
    return select(milestone_order.c.earlier_id).select_from(_BEFORE).where(*_KEPT_BACK).exists()


_BEFORE = (
    milestone_order.join(_before, _before.c.id == milestone_order.c.earlier_id)
    .join(edition, edition.c.id == _before.c.edition_id)
    .join(point, point.c.milestone_id == _before.c.id)
    .join(_its_point, point.c.due_on <= _its_point.c.due_on)
)
_here = _other.c.point_id == point.c.id
_same_unit = _other.c.unit_id == obligation.c.unit_id
_same = and_(_same_unit, _other.c.subject_id == obligation.c.subject_id)
_own = and_(
    _same_unit,
    or_(_other.c.subject_id.in_((0, obligation.c.subject_id)), obligation.c.subject_id == 0),
)
# A filing is done once it is accepted.
_left = and_(
    _other.c.state.in_(_LEFT),
    ~and_(edition.c.kind == CampaignKind.FILING.value, _other.c.state == State.ACCEPTED.value),
)
# Stages of a rectification have different doers, each closed as a whole; elsewhere everybody, unit or subject, goes
# through the steps on his own: a subject that never comes keeps no unit from publishing the conclusions.
_staged = edition.c.kind == CampaignKind.RECTIFICATION.value
_KEPT_BACK = (
    milestone_order.c.milestone_id == obligation.c.milestone_id,
    _its_point.c.id == obligation.c.point_id,
    ~_before.c.withdrawn,
    ~point.c.withdrawn,
    or_(
        _exists(_here, _left, _same),
        and_(
            _staged,
            or_(_exists(_here, _left, _own), and_(~_exists(_here, _own), _exists(_here, _left))),
        ),
    ),
    ~select(early_pass.c.id).where(early_pass.c.obligation_id == obligation.c.id).exists(),
)
_STAGES = (
    select(obligation.c.id, _before.c.title, point.c.label)
    .select_from(obligation)
    .join(_BEFORE, milestone_order.c.milestone_id == obligation.c.milestone_id)
    .where(_THESE, obligation.c.state.in_(_WAITS), *_KEPT_BACK)
    .order_by(_before.c.position, point.c.due_on)
)

_newest = select(func.max(submission.c.id)).where(submission.c.obligation_id == obligation.c.id)
_zero = (
    select(func.max(zero_report.c.submission_id))
    .join(submission, submission.c.id == zero_report.c.submission_id)
    .where(submission.c.obligation_id == obligation.c.id)
)
_LEDGERS = (
    select(
        obligation.c.id,
        obligation.c.due_on,
        _newest.scalar_subquery().label("newest"),
        _zero.scalar_subquery().label("zero"),
    )
    .join(milestone, milestone.c.id == obligation.c.milestone_id)
    .where(_THESE, milestone.c.problem_ledger)
)
_carried = select(problem_carry.c.id).where(problem_carry.c.problem_id == problem.c.id).exists()
_of_the_edition = and_(
    problem.c.edition_id == obligation.c.edition_id,
    or_(problem.c.milestone_id == obligation.c.milestone_id, problem.c.milestone_id.is_(None)),
)
_owing = (_other.c.point_id == obligation.c.point_id, _other.c.state != State.CANCELLED.value)
_LISTED = (
    select(
        obligation.c.id,
        problem.c.code,
        problem.c.state,
        case((_carried, problem.c.due_on)).label("carried_to"),
    )
    .join(problem, _of_the_edition)
    .join(unit, unit.c.id == problem.c.unit_id)
    .where(
        _THESE,
        or_(
            problem.c.unit_id == obligation.c.unit_id,
            and_(
                ~_exists(*_owing, _other.c.unit_id == problem.c.unit_id),
                or_(
                    unit.c.parent_id == obligation.c.unit_id,
                    ~_exists(*_owing, _other.c.unit_id != obligation.c.unit_id),
                ),
            ),
        ),
    )
    .order_by(problem.c.id)
)
