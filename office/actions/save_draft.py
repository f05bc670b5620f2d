"""Save, drop or rebase a draft of an edition; of two who save at once the second is told, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from calendars.writing import heading
from office.actions.draft_texts import LONGEST_TEXT, draft_or_refuse, refuse_unkept, tidied
from office.actions.make_draft import DraftMade
from office.actions.office import Office
from office.errors import Changed, Refused
from office.store import drafts, history
from office.store.drafts import Draft
from office.store.editions import find_edition
from rules.people import Actor


def save_draft(
    office: Office, draft_id: int, text: str, *, version: int, by: Actor, now: datetime
) -> DraftMade:
    """Keep a new text. What campaign and year it is for stays what it was."""
    with office.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        text = tidied(text)
        said = heading(text)
        if len(text) > LONGEST_TEXT:
            raise Refused(f"文件有{len(text)}字，超过{LONGEST_TEXT}字，请确认是不是专项行动文件。")
        if (said.campaign or draft.campaign, said.year or draft.year) != (draft.campaign, draft.year):
            raise Refused(
                f"这份草稿是{draft.campaign} {draft.year}年的，不能改成{said.campaign} {said.year}年；"
                "要做另一个专项行动，请另起草稿。"
            )
        values: dict[str, object] = {"text": text, "name": (said.name or draft.name)[:200]}
        return _save(connection, office, draft, "save", by, now, values)


def drop_draft(office: Office, draft_id: int, *, version: int, by: Actor, now: datetime) -> DraftMade:
    """Put a draft away; it stays for history."""
    with office.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        return _save(connection, office, draft, "drop", by, now, {"dropped_at": now})


def rebase_draft(
    office: Office, draft_id: int, *, version: int, seen: str, by: Actor, now: datetime
) -> DraftMade:
    """Say that the draft was compared with the edition as it is now; `seen` is the content hash that was shown."""
    with office.store.writing() as connection:
        draft = _draft(connection, draft_id, version, by)
        stored = find_edition(connection, draft.campaign, draft.year)
        if seen != (stored.content_hash if stored else ""):
            raise Changed("现行版本刚才又被改动，请重新核对下面的比较，再点“已核对”。")
        return _save(connection, office, draft, "rebase", by, now, {"based_on": seen or None})


def _draft(connection: Any, draft_id: int, version: int, by: Actor) -> Draft:
    refuse_unkept(by, writes=True)
    draft = draft_or_refuse(connection, draft_id, by)
    refuse_over(draft)
    if draft.version != version:
        raise Changed(changed(draft))
    return draft


def refuse_over(draft: Draft) -> None:
    """A draft that was applied or dropped changes no more."""
    if not draft.open:
        done = "应用" if draft.applied_at else "作废"
        raise Refused(f"这份草稿已{done}，不能再改；需要修改的，请从现行版本另起草稿。")


def changed(draft: Draft) -> str:
    return (
        f"{draft.changed_by}在您打开之后改过这份草稿，您的改动没有保存；"
        "您写的内容还在下面，请打开最新的草稿对照后再改。"
    )


def _save(
    connection: Any,
    office: Office,
    draft: Draft,
    verb: str,
    by: Actor,
    now: datetime,
    values: dict[str, object],
) -> DraftMade:
    assert by.person_id is not None, "refused above"
    if not drafts.save_draft(connection, draft.id, version=draft.version, by=by.person_id, at=now, **values):
        raise Changed(changed(draft))
    history.append(
        connection,
        at=now,
        by=by,
        verb=verb,
        noun="edition_draft",
        noun_id=draft.id,
        detail={"campaign": draft.campaign, "year": draft.year, "version": draft.version + 1},
        flow_run_id=office.flow_run_id,
    )
    return DraftMade(draft_id=draft.id, campaign=draft.campaign, year=draft.year, version=draft.version + 1)
