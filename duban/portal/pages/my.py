"""我的任务: what a unit owes, and one obligation with everything its unit does about it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound
from duban.editions.event_queries import EventFilter
from duban.editions.events import list_event_duties
from duban.evidence.my_file import my_obligation
from duban.evidence.service import expected_now
from duban.evidence.uploads import PIECE_BYTES, drop_upload, list_uploads
from duban.figures.service import report_progress
from duban.obligations.file import ObligationFile
from duban.obligations.lists import Tab, my_obligations
from duban.obligations.states import Transition
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, audit_fields, run
from duban.portal.obligation_forms import do_transition, hand_in, receive_files
from duban.portal.params import Number, PageNumber
from duban.units.service import name_units

router = APIRouter()

Mine = Annotated[PageContext, allow(Role.HANDLER, link=True)]
# What changes who owes and until when is not done by whoever holds a message.
SignedIn = Annotated[PageContext, allow(Role.HANDLER)]


@router.get("/my")
def tasks(desk: Mine, tab: Tab = Tab.OWED, page: PageNumber = 1) -> Response:
    """One tab of what the person's units owe."""
    found = my_obligations(desk.bureau, by=desk.by, today=desk.today, tab=tab, page=page)
    waiting = tuple(
        one
        for one in list_event_duties(desk.bureau, EventFilter(waiting=True), by=desk.by)
        if one.unit_id in desk.by.unit_ids | desk.by.reads
    )
    return desk.render("my/tasks.html", title="我的任务", found=found, waiting=waiting, Tab=Tab)


@router.get("/my/{obligation_id}")
def one(desk: Mine, obligation_id: Number) -> Response:
    """One obligation."""
    return _page(desk, obligation_id)


@router.get("/my/{obligation_id}/{act}")
def back(desk: Mine, obligation_id: Number, act: str) -> Response:
    """A refused form stands under its act's address; opened again, that leads to the task itself."""
    return desk.see_other(f"/my/{obligation_id}")


@router.post("/my/{obligation_id}/acknowledge")
def take_on(desk: Mine, obligation_id: Number, filled: FilledForm) -> Response:
    """签收, naming who handles it and who stands in."""
    return _transition(desk, obligation_id, Transition.ACKNOWLEDGE, filled, "已签收。")


@router.post("/my/{obligation_id}/submit")
def hand_in_evidence(desk: Mine, obligation_id: Number, filled: FilledForm) -> Response:
    """报送: what was uploaded before and what comes with the form, figures, links and a note."""
    return _act(
        desk, obligation_id, filled, lambda: hand_in(desk, obligation_id, filled), "已报送，等待审核。"
    )


@router.post("/my/{obligation_id}/drop")
def take_away(desk: Mine, obligation_id: Number, filled: FilledForm) -> Response:
    """Take an uploaded file off the form, keeping everything else that was typed and chosen."""
    reasons = receive_files(desk, expected_now(desk.bureau, obligation_id, by=desk.by), filled)
    # Gone already is what was wanted.
    with suppress(NotFound):
        drop_upload(desk.bureau, filled.line("drop", "文件"), by=desk.by)
    return _page(desk, obligation_id, filled, tuple(reasons), status=422 if reasons else 200)


@router.post("/my/{obligation_id}/progress")
def report(desk: Mine, obligation_id: Number, filled: FilledForm) -> Response:
    """填报进度."""

    def act() -> Any:
        value = filled.amount("value", "累计完成", required=True)
        on = filled.day("as_of_on", "数据截止日期") or desk.today
        file = my_obligation(desk.bureau, obligation_id, by=desk.by, today=desk.today)
        measure = file.quota.unit_of_measure if file.quota else ""
        reason = filled.text("reason", "原因")
        filled.refuse_faults()
        assert value is not None, "refused above"
        return report_progress(
            desk.bureau,
            obligation_id,
            value,
            unit_of_measure=measure,
            as_of_on=on,
            reason=reason or None,
            **audit_fields(desk, filled),
        )

    return _act(desk, obligation_id, filled, act, "进度已填报。")


@router.post("/my/{obligation_id}/extension")
def ask(desk: SignedIn, obligation_id: Number, filled: FilledForm) -> Response:
    """申请延期."""
    said = "延期申请已提交；批复之前，时限不变。"
    return _transition(desk, obligation_id, Transition.ASK_EXTENSION, filled, said)


@router.post("/my/{obligation_id}/forward")
def give_on(desk: SignedIn, obligation_id: Number, filled: FilledForm) -> Response:
    """申请改派 to the unit it belongs to."""
    said = "改派申请已提交；批复之前，仍由本单位承办。"
    return _transition(desk, obligation_id, Transition.ASK_FORWARD, filled, said)


@router.post("/my/{obligation_id}/take-back")
def recall(desk: Mine, obligation_id: Number, filled: FilledForm) -> Response:
    """撤回 what was handed in and nobody has opened yet."""
    said = "已撤回，可以改好后再报；撤回的材料留在案卷里。"
    return _transition(desk, obligation_id, Transition.TAKE_BACK, filled, said)


def _transition(
    desk: PageContext, obligation_id: int, verb: Transition, filled: Filled, said: str
) -> Response:
    return _act(desk, obligation_id, filled, lambda: do_transition(desk, obligation_id, verb, filled), said)


def _act(
    desk: PageContext, obligation_id: int, filled: Filled, act: Callable[[], object], said: str
) -> Response:
    """Do it and look again; refused, the same page comes back with the reasons and everything that was typed."""
    _, status, reasons = run(act)
    if reasons:
        return _page(desk, obligation_id, filled, reasons, status=status)
    return desk.see_other(f"/my/{obligation_id}", said=said)


def _page(
    desk: PageContext,
    obligation_id: int,
    filled: Filled | None = None,
    reasons: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    file = my_obligation(desk.bureau, obligation_id, by=desk.by, today=desk.today)
    return desk.render(
        "my/task.html",
        title=file.title,
        status=status,
        file=file,
        uploads=list_uploads(desk.bureau, obligation_id, by=desk.by),
        choices=[(person.id, person.name) for person in file.colleagues],
        units=[(name, name) for name in _units(desk, file)],
        piece_bytes=PIECE_BYTES,
        most_bytes=desk.bureau.settings.evidence_max_bytes,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        reasons=reasons,
        Verb=Transition,
    )


def _units(desk: PageContext, file: ObligationFile) -> tuple[str, ...]:
    """The names one may forward to."""
    if Transition.ASK_FORWARD not in file.may or desk.by_link:
        return ()
    return name_units(desk.bureau, by=desk.by, besides=file.unit_id)
