"""The hand-in form read into what the action takes: files that came with it, files uploaded before, figures, links."""

from __future__ import annotations

from collections.abc import Iterator

from calendars.model import EvidenceType, ExpectedEvidence
from duban.core.errors import Refused
from duban.evidence.rules import FILES, OTHER_KEY
from duban.evidence.service import (
    ExpectedNow,
    FigureItem,
    LinkItem,
    SubmitItem,
    UploadedItem,
    expected_now,
    submit,
)
from duban.evidence.uploads import receive_whole
from duban.figures.rules import FigureOrigin
from duban.obligations.transitions import TransitionDone
from duban.portal.context import PageContext
from duban.portal.forms import Filled

LONGEST_NOTE = 2000


def hand_in(desk: PageContext, obligation_id: int, filled: Filled) -> TransitionDone:
    """Hand in whole or not at all; files that came with a refused form stay as uploads and need not come again."""
    now = expected_now(desk.bureau, obligation_id, by=desk.by)
    version = filled.whole("version", "页面版本")
    note = filled.text("note", "说明", longest=LONGEST_NOTE)
    items = [*_figures(now, filled), *_links(now, filled)]
    # Where the state has moved on, the act itself says so; nothing has to be received for that.
    came, reasons = receive_files(desk, now, filled) if now.open else ([], [])
    if reasons or filled.faults:
        raise Refused((*reasons, *filled.faults.values()))
    return submit(
        desk.bureau,
        obligation_id,
        # What the page listed, and what came with it; each once.
        items=[
            *(UploadedItem(upload_id=one) for one in dict.fromkeys([*filled.many("upload"), *came])),
            *items,
        ],
        note=note,
        by=desk.by,
        now=desk.now,
        version=version if version is not None else 0,
    )


def receive_files(desk: PageContext, now: ExpectedNow, filled: Filled) -> tuple[list[str], list[str]]:
    """Keep every file that came with the form as an upload: their ids, and why some were not kept."""
    came: list[str] = []
    reasons: list[str] = []
    for key in file_keys(now):
        for sent in filled.files(f"file:{key}"):
            try:
                stands = receive_whole(
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
            else:
                came.append(stands.id)
    return came, reasons


def file_keys(now: ExpectedNow) -> tuple[str, ...]:
    """Under which keys files are taken."""
    return tuple(item.key for item in now.expected if item.type in FILES) if now.expected else (OTHER_KEY,)


def _figures(now: ExpectedNow, filled: Filled) -> Iterator[SubmitItem]:
    for item in _expected(now, EvidenceType.FIGURE):
        value = filled.amount(f"figure:{item.key}", item.title)
        known = now.known.get(item.key)
        # Left as it was handed in before, it is no new figure.
        unchanged = known is not None and known.origin is FigureOrigin.SUBMISSION and known.value == value
        if value is not None and not unchanged:
            measure = item.unit_of_measure or filled.line(f"measure:{item.key}", "计量单位", longest=32)
            yield FigureItem(key=item.key, value=value, unit_of_measure=measure)


def _links(now: ExpectedNow, filled: Filled) -> Iterator[SubmitItem]:
    for item in _expected(now, EvidenceType.LINK):
        link = filled.line(f"link:{item.key}", item.title, longest=1000)
        if link:
            yield LinkItem(key=item.key, link=link)


def _expected(now: ExpectedNow, type_: EvidenceType) -> list[ExpectedEvidence]:
    return [item for item in now.expected if item.type is type_]
