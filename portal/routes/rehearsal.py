"""The next ninety days of messages, as they stand and after a draft."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from office.actions.rehearse_change import rehearse_change, rehearse_draft
from office.actions.show_draft import list_drafts
from office.errors import Refused
from portal.access import allow
from portal.desk import Desk
from portal.numbers import AskedNumber
from rules.people import Role

router = APIRouter()
SHOWN = 200


@router.get("/rehearsal")
def rehearsal(desk: Annotated[Desk, allow(Role.COORDINATOR)], draft: AskedNumber = None) -> Response:
    reasons: tuple[str, ...] = ()
    found = None
    try:
        if draft is None:
            found = rehearse_change(desk.office, None, by=desk.by, now=desk.now)
        else:
            found = rehearse_draft(desk.office, draft, by=desk.by, now=desk.now)
    except Refused as refused:
        reasons = refused.reasons
    return desk.render(
        "planning/rehearsal.html",
        title="演练：今后九十天的消息",
        found=found,
        refused=reasons,
        chosen=draft,
        drafts=list_drafts(desk.office, by=desk.by),
        most=SHOWN,
        highest=max((max(one.count.before, one.count.after) for one in found.days), default=1)
        if found
        else 1,
    )
