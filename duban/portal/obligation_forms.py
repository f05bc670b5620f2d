"""Forms of acts on an obligation: each transition's fields read as its input asks, and the hand-in form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from calendars.model import EvidenceType, ExpectedEvidence
from duban.core.errors import NotFound, Refused
from duban.evidence.rules import file_keys
from duban.evidence.service import (
    ExpectedNow,
    FigureItem,
    LinkItem,
    SentItem,
    UploadedItem,
    expected_now,
    submit,
)
from duban.evidence.uploads import receive_whole
from duban.figures.rules import FigureOrigin
from duban.obligations.states import Transition
from duban.obligations.transitions import TRANSITIONS, TransitionDone, TransitionInput, asked_of, transition
from duban.portal.context import PageContext
from duban.portal.forms import LONGEST_LINE, LONGEST_TEXT, Filled, audit_fields

LONGEST_NOTE = 2000
# A conclusion is chosen between two words.
VERDICTS = {"passed": "合格", "failed": "不合格"}
# Of a date that somebody stated.
ACCEPTS = {"accepted": "认可，按补录日期算是否逾期", "refused": "不认可，按收到的日期算"}


def do_transition(
    desk: PageContext, obligation_id: int, verb: Transition, filled: Filled, **changed: object
) -> TransitionDone:
    """Do the verb with what was typed; `changed` fields are what a page makes of other fields of its own."""
    given = read_input(filled, verb).model_copy(update=changed)
    return transition(desk.bureau, obligation_id, verb, given, **audit_fields(desk, filled))


def read_input(filled: Filled, verb: Transition) -> TransitionInput:
    """The verb's input out of the form; refused with every fault at once."""
    model = TRANSITIONS[verb].takes
    values = {name: _field(filled, model, name) for name in model.model_fields}
    filled.refuse_faults()
    return model(**values)


def _field(filled: Filled, model: type[TransitionInput], name: str) -> Any:
    asked, kind = asked_of(model, name), model.model_fields[name].annotation
    key = asked.field or name
    if kind is bool:
        return filled.choice(key, asked.label, VERDICTS) == "passed"
    if bool in get_args(kind):
        chosen = filled.choice(key, asked.label, ACCEPTS, required=False)
        return None if chosen is None else chosen == "accepted"
    if Decimal in get_args(kind):
        return filled.amount(key, asked.label, required=asked.required)
    if date in (kind, *get_args(kind)):
        return filled.day(key, asked.label, required=asked.required)
    if int in get_args(kind):
        return filled.whole(key, asked.label, required=asked.required)
    if asked.line:
        longest = asked.longest or LONGEST_LINE
        return filled.line(key, asked.label, required=asked.required, longest=longest)
    longest = asked.longest or LONGEST_TEXT
    return filled.text(key, asked.label, required=asked.required, longest=longest)


def hand_in(desk: PageContext, obligation_id: int, filled: Filled) -> TransitionDone:
    """Hand in whole or not at all; files that came with a refused form stay as uploads and need not come again."""
    version = filled.whole("version", "页面版本")
    note = filled.text("note", "说明", longest=LONGEST_NOTE)
    figure_reason = filled.text("figure_reason", "数据说明", longest=LONGEST_NOTE)

    def typed(now: ExpectedNow) -> list[FigureItem | LinkItem]:
        items: list[FigureItem | LinkItem] = [*_figures(now, filled), *_links(now, filled)]
        filled.refuse_faults()
        return items

    try:
        return submit(
            desk.bureau,
            obligation_id,
            # What the page listed, each once, and what came with it.
            items=[
                *(UploadedItem(upload_id=one) for one in dict.fromkeys(filled.many("upload"))),
                *_sent(filled),
            ],
            typed=typed,
            note=note,
            zero_report=filled.ticked("zero_report"),
            figure_reason=figure_reason,
            by=desk.by,
            now=desk.now,
            version=version if version is not None else 0,
        )
    except NotFound:
        raise
    except Refused as refused:
        now = expected_now(desk.bureau, obligation_id, by=desk.by)
        # Where the state has moved on, the act itself says so; nothing has to be received for that.
        reasons = receive_files(desk, now, filled) if now.open else []
        _ = [*_figures(now, filled), *_links(now, filled)]
        if reasons or filled.faults:
            raise Refused((*reasons, *filled.faults.values())) from refused
        raise


def _sent(filled: Filled) -> Iterator[SentItem]:
    for name in filled.file_fields("file:"):
        for sent in filled.files(name):
            yield SentItem(
                key=name.removeprefix("file:"),
                filename=sent.filename or "",
                size_bytes=sent.size or 0,
                source=sent.file,
            )


def receive_files(desk: PageContext, now: ExpectedNow, filled: Filled) -> list[str]:
    """Keep every file that came with the form as an upload; returns why some were not kept."""
    reasons: list[str] = []
    for key in file_keys(now.expected):
        for sent in filled.files(f"file:{key}"):
            sent.file.seek(0)
            try:
                receive_whole(
                    desk.bureau,
                    now.obligation_id,
                    key=key,
                    filename=sent.filename or "",
                    size_bytes=sent.size or 0,
                    source=sent.file,
                    by=desk.by,
                    now=desk.now,
                )
            except Refused as refused:
                reasons += refused.reasons
    return reasons


def _figures(now: ExpectedNow, filled: Filled) -> Iterator[FigureItem]:
    for item in _expected(now, EvidenceType.FIGURE):
        value = filled.amount(f"figure:{item.key}", item.title)
        known = now.known.get(item.key)
        # Left as it was handed in before, it is no new figure.
        unchanged = known is not None and known.origin is FigureOrigin.SUBMISSION and known.value == value
        if value is not None and not unchanged:
            measure = item.unit_of_measure or filled.line(f"measure:{item.key}", "计量单位", longest=32)
            yield FigureItem(key=item.key, value=value, unit_of_measure=measure)


def _links(now: ExpectedNow, filled: Filled) -> Iterator[LinkItem]:
    for item in _expected(now, EvidenceType.LINK):
        link = filled.line(f"link:{item.key}", item.title, longest=1000)
        if link:
            yield LinkItem(key=item.key, link=link)


def _expected(now: ExpectedNow, type_: EvidenceType) -> list[ExpectedEvidence]:
    return [item for item in now.expected if item.type is type_]
