"""The auditor's desk: the whole history, looked up and verified. Nothing here changes anything."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from pydantic import Field

from duban.core.access import Role
from duban.history.service import audit_history, search_history
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Form, FormRefused, Line, Whole, one_of, read_form
from duban.reports.history_words import (
    HISTORY_NOUNS,
    HISTORY_VERBS,
    facts_words,
    noun_words,
    order_words,
    verb_words,
)

router = APIRouter()
Auditor = Annotated[PageContext, allow(Role.AUDITOR)]


class HistoryFilter(Form):
    first_on: Day | None = Field(None, title="开始日期")
    last_on: Day | None = Field(None, title="结束日期")
    verb: Annotated[str, one_of(HISTORY_VERBS)] = Field("", title="动作")
    noun: Annotated[str, one_of(HISTORY_NOUNS)] = Field("", title="对象")
    before: Whole | None = Field(None, title="起点")
    person: Line = Field("", title="经手人")
    words: Line = Field("", title="内容")


@router.get("/audit")
def audit(desk: Auditor) -> Response:
    """Entries by person, act, day and words, the newest first."""
    given = desk.request.query_params
    asked, faults = HistoryFilter.model_validate({}), {}
    try:
        asked = read_form(HistoryFilter, given, desk)
    except FormRefused as refused:
        faults = refused.faults
    found = search_history(
        desk.bureau,
        actor=asked.person,
        verb=asked.verb,
        noun=asked.noun,
        words=asked.words,
        first_on=asked.first_on,
        last_on=asked.last_on,
        before=asked.before,
        by=desk.by,
    )
    typed = {name: value for name, value in given.items() if name != "before"}
    older = f"/audit?{urlencode(typed | {'before': str(found.older)})}" if found.older else ""
    return desk.render(
        "accounts/audit.html",
        title="留痕",
        status=422 if faults else 200,
        entries=[(one, facts_words(one.detail)) for one in found.entries],
        older=older,
        typed=typed,
        faults=faults,
        refused=tuple(faults.values()),
        verbs=list(HISTORY_VERBS.items()),
        nouns=list(HISTORY_NOUNS.items()),
        verb_words=verb_words,
        noun_words=noun_words,
    )


@router.get("/audit/verify")
def verify(desk: Auditor) -> Response:
    """Check the chain of the whole history."""
    return desk.render(
        "accounts/verified.html",
        title="留痕校验",
        found=audit_history(desk.bureau, by=desk.by, now=desk.now),
        order_words=order_words,
    )
