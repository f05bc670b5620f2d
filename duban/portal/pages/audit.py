"""The auditor's desk: the whole history, looked up and verified. Nothing here changes anything."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from duban.core.access import Role
from duban.core.errors import Refused
from duban.history.service import audit_history, search_history
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled
from duban.reports.history_words import HISTORY_NOUNS, HISTORY_VERBS, facts_words, noun_words, verb_words

router = APIRouter()
Auditor = Annotated[PageContext, allow(Role.AUDITOR)]


@router.get("/audit")
def audit(desk: Auditor) -> Response:
    """Entries by person, act, day and words, the newest first."""
    asked = Filled(FormData(dict(desk.request.query_params)))
    first_on, last_on = asked.day("first_on", "开始日期"), asked.day("last_on", "结束日期")
    verb = asked.choice("verb", "动作", HISTORY_VERBS, required=False) or ""
    noun = asked.choice("noun", "对象", HISTORY_NOUNS, required=False) or ""
    before = asked.whole("before", "起点")
    try:
        asked.refuse_faults()
        reasons: tuple[str, ...] = ()
    except Refused as refused:
        reasons = refused.reasons
    found = search_history(
        desk.bureau,
        actor=asked.line("person", "经手人"),
        verb=verb,
        noun=noun,
        words=asked.line("words", "内容"),
        first_on=first_on,
        last_on=last_on,
        before=before,
        by=desk.by,
    )
    typed = {name: value for name, value in asked.values.items() if name != "before"}
    older = f"/audit?{urlencode(typed | {'before': str(found.older)})}" if found.older else ""
    return desk.render(
        "accounts/audit.html",
        title="留痕",
        status=422 if reasons else 200,
        entries=[(one, facts_words(one.detail)) for one in found.entries],
        older=older,
        typed=typed,
        faults=asked.faults,
        reasons=reasons,
        verbs=list(HISTORY_VERBS.items()),
        nouns=list(HISTORY_NOUNS.items()),
        verb_words=verb_words,
        noun_words=noun_words,
    )


@router.get("/audit/verify")
def verify(desk: Auditor) -> Response:
    """Check the chain of the whole history."""
    return desk.render(
        "accounts/verified.html", title="留痕校验", found=audit_history(desk.bureau, by=desk.by)
    )
