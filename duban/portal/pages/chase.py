"""即时催办: choose whom to chase, look at every letter first, then send."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.editions.find import name_editions
from duban.letters.chase_queries import ChaseScope
from duban.letters.chases import COMPOSED, Chased, chase_now
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.units.importing import CHANNELS
from duban.units.service import list_units

router = APIRouter()
Chases = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]


@router.get("/chase")
def choose(desk: Chases) -> Response:
    """Which campaign or unit, and what of it."""
    return _choice(desk)


@router.post("/chase")
def chase(desk: Chases, filled: FilledForm) -> Response:
    """Show who would get what; sent only from that page."""
    scope, words = _scope(filled), filled.text("words", "催办说明")
    sends = filled.line("step", "步骤") == "send"

    def act() -> Chased:
        filled.refuse_faults()
        return chase_now(desk.bureau, scope, words=words, by=desk.by, now=desk.now, dry_run=not sends)

    done, status, reasons = run(act)
    if done is None:
        return _choice(desk, filled, reasons, status=status)
    if sends:
        return desk.see_other("/chase", said=done.sentence)
    return desk.render(
        "queues/chase_preview.html",
        title="催办预览",
        done=done,
        scope=scope,
        words_given=words,
        composed=COMPOSED,
        CHANNELS=CHANNELS,
    )


def _scope(filled: Filled) -> ChaseScope:
    return ChaseScope(
        edition_id=filled.whole("edition", "专项行动"),
        unit_ids=tuple(filled.wholes("unit")),
        obligation_ids=tuple(filled.wholes("obligation")),
        due_until=filled.day("due_until", "到期日"),
        unread_since=filled.day("unread", "交办日"),
    )


def _choice(
    desk: PageContext, filled: Filled | None = None, refused: tuple[str, ...] = (), *, status: int = 200
) -> Response:
    return desk.render(
        "queues/chase.html",
        title="即时催办",
        status=status,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        scope=_scope(filled) if filled else ChaseScope(),
        editions=name_editions(desk.bureau, by=desk.by),
        units=[one for one in list_units(desk.bureau, by=desk.by) if one.active],
    )
