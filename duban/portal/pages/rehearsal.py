"""The next ninety days of messages, as they stand and after a draft."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Refused
from duban.editions.drafts import list_drafts, rehearse_draft
from duban.editions.forecast import rehearse_change
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.params import AskedNumber

router = APIRouter()
SHOWN = 200


@router.get("/rehearsal")
def rehearsal(desk: Annotated[PageContext, allow(Role.COORDINATOR)], draft: AskedNumber = None) -> Response:
    reasons: tuple[str, ...] = ()
    found = None
    try:
        if draft is None:
            found = rehearse_change(desk.bureau, None, by=desk.by, now=desk.now)
        else:
            found = rehearse_draft(desk.bureau, draft, by=desk.by, now=desk.now)
    except Refused as refused:
        reasons = refused.reasons
    return desk.render(
        "planning/rehearsal.html",
        title="演练：今后九十天的消息",
        found=found,
        refused=reasons,
        chosen=draft,
        drafts=list_drafts(desk.bureau, by=desk.by),
        most=SHOWN,
        highest=max((max(one.count.before, one.count.after) for one in found.days), default=1)
        if found
        else 1,
    )
