"""延期申请: what was asked for beside both clocks; granted with a definite date or refused, always with a reply."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.obligations.review_queues import read_extensions
from duban.obligations.states import Transition
from duban.obligations.transitions import TransitionDone
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.obligation_forms import do_transition
from duban.portal.params import Number, whole

router = APIRouter()
Decides = Annotated[PageContext, allow(Role.COORDINATOR, Role.LEADER)]
VERDICTS = {"grant": "同意", "refuse": "不同意"}


@router.get("/extensions")
def extensions(desk: Decides) -> Response:
    """What nobody has answered, the oldest request first."""
    return _page(desk)


@router.post("/extensions/{obligation_id}")
def decide(desk: Decides, obligation_id: Number, filled: FilledForm) -> Response:
    """Grant or refuse one request."""

    def act() -> TransitionDone:
        granted = filled.choice("verdict", "批复结论", VERDICTS) == "grant"
        # A date is asked for where it is granted, and counts for nothing where it is not.
        filled.day("granted_on", "延至", required=granted)
        changed = {} if granted else {"granted_on": None}
        return do_transition(desk, obligation_id, Transition.DECIDE_EXTENSION, filled, **changed)

    done, status, reasons = run(act)
    if done is None:
        return _page(desk, filled, reasons, status=status, about=obligation_id)
    moved = f"，时限改为{done.due_on}" if done.due_on != done.previous_due_on else "，时限不变"
    return desk.see_other("/extensions", said=f"已批复：{done.unit} {done.title}{moved}；已通知责任单位。")


def _page(
    desk: PageContext,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
    about: int = 0,
) -> Response:
    after = whole(desk.request.query_params.get("after"))
    found = read_extensions(desk.bureau, by=desk.by, today=desk.today, after=after)
    return desk.render(
        "queues/extensions.html",
        title="延期申请",
        status=status,
        found=found,
        refused=refused,
        about=about,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        VERDICTS=VERDICTS,
    )
