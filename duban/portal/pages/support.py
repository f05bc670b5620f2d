"""配合: what a unit supports while others lead, answered by its handlers; for the bureau who has not answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from duban.core.access import Role
from duban.editions.queries import name_editions
from duban.evidence.service import SentItem
from duban.evidence.support import (
    PAGE_SIZE,
    acknowledge_support,
    list_supports,
    read_support_file,
    report_support,
    show_support,
)
from duban.obligations.support_queries import SupportFilter
from duban.obligations.support_rules import SUPPORT_STATE_NAMES, UNANSWERED, SupportState
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Files, Text, VersionedForm, comes_back
from duban.portal.pages.evidence import file_response
from duban.portal.params import Number, PageLinks, asked, page_of, whole

router = APIRouter()
SEES = (Role.HANDLER, Role.COORDINATOR, Role.REVIEWER, Role.LEADER, Role.AUDITOR)
Sees = Annotated[PageContext, allow(*SEES, link=True)]
Mine = Annotated[PageContext, allow(Role.HANDLER, link=True)]
FILTERS = ("unanswered", "state", "edition", "unit")


class Report(VersionedForm):
    words: Text = Field("", title="配合情况")
    file: Files = Field([], title="附件")


@router.get("/support")
def supports(desk: Sees) -> Response:
    """Everything the person may see; whoever sees the bureau begins with what is not answered."""
    given = desk.request.query_params
    filters = asked(given, FILTERS)
    if not given and desk.has(Role.COORDINATOR, Role.REVIEWER, Role.LEADER):
        filters = {"unanswered": "1"}
    state, unanswered = filters.get("state"), bool(filters.get("unanswered"))
    states = frozenset({SupportState(state)}) if state in set(SupportState) else frozenset(SupportState)
    wanted = SupportFilter(
        unit_id=whole(filters.get("unit")),
        edition_id=whole(filters.get("edition")),
        states=states & UNANSWERED if unanswered else states,
        led=unanswered,
    )
    found = list_supports(desk.bureau, wanted, by=desk.by, page=page_of(given))
    return desk.render(
        "support/all.html",
        title="配合事项",
        found=found,
        asked=filters,
        editions=name_editions(desk.bureau, by=desk.by),
        states=[(one.value, name) for one, name in SUPPORT_STATE_NAMES.items()],
        listing=PageLinks(
            path="/support", asked=filters, page=found.page, page_size=PAGE_SIZE, total=found.total
        ),
    )


@router.get("/support/{duty_id}")
def support(desk: Sees, duty_id: Number) -> Response:
    """One duty: who leads and how they stand, what was reported, what may be done."""
    case = show_support(desk.bureau, duty_id, by=desk.by)
    return desk.render(
        "support/one.html",
        title=case.duty.title,
        case=case,
        duty=case.duty,
        most_bytes=desk.bureau.settings.evidence_max_bytes,
    )


@router.get("/support/{duty_id}/{act}")
def back(desk: Sees, duty_id: Number, act: str) -> Response:
    """A refused form stands under its act's address; opened again, that leads to the duty itself."""
    return desk.see_other(f"/support/{duty_id}")


@router.post("/support/{duty_id}/acknowledge")
@comes_back(support)
def acknowledge(desk: Mine, duty_id: Number, form: VersionedForm) -> Response:
    """知悉."""
    acknowledge_support(desk.bureau, duty_id, **form.acted_by(desk))
    return desk.see_other(f"/support/{duty_id}", said="已知悉。")


@router.post("/support/{duty_id}/report")
@comes_back(support)
def report(desk: Mine, duty_id: Number, form: Report) -> Response:
    """报告 what was done, with files or without."""
    files = [
        SentItem(key="other", filename=sent.filename or "", size_bytes=sent.size or 0, source=sent.file)
        for sent in form.file
    ]
    report_support(desk.bureau, duty_id, form.words, files, **form.acted_by(desk))
    return desk.see_other(f"/support/{duty_id}", said="已报告，牵头单位和统筹科室可以看到。")


@router.get("/support/{duty_id}/files/{sha256}")
def file(desk: Sees, duty_id: Number, sha256: str) -> Response:
    """The bytes of a report's file, after the history says who read them."""
    one, pieces = read_support_file(desk.bureau, duty_id, sha256[:64], by=desk.by, now=desk.now)
    return file_response(pieces, one.media_type, one.filename, one.size_bytes)
