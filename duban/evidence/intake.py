"""Evidence intake from the drop folder: home/inbox/<task number>/ becomes one submission.

A folder holds the files and a small sheet `报送.yaml` that says who hands in and which file answers which item; a
file may instead be named after its item (plan.pdf). Folders move to inbox/done or inbox/refused with the reason.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor
from duban.core.errors import Fault, Refused
from duban.core.text import display_name
from duban.evidence.rules import parse_figure
from duban.evidence.service import FigureItem, FileItem, LinkItem, submit
from duban.obligations.queries import load_obligation
from duban.units.queries import person_by_id
from duban.units.service import person_named

SHEETS = ("报送.yaml", "报送.yml")
DONE, REFUSED = "done", "refused"
REASON = "原因.txt"
# A folder that somebody is still copying into is left until nothing has changed in it for this long.
SETTLED = timedelta(seconds=60)
SHEET_BYTES = 64 * 1024
_KEYS = frozenset({"by", "note", "figure_reason", "items", "zero_report"})
InboxItem = FileItem | FigureItem | LinkItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What happened to one folder; `reasons` is empty when it was accepted."""

    folder: str
    obligation_id: int | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """Every folder that was looked at; `waiting` were left because they are still being written."""

    taken: tuple[Intake, ...]
    waiting: int

    @property
    def accepted(self) -> int:
        return sum(not one.reasons for one in self.taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    by: str | None = None
    note: str = ""
    zero_report: bool = False
    figure_reason: str = ""
    items: dict[str, Any] = field(default_factory=dict)


def inbox(bureau: Bureau) -> Path:
    return bureau.settings.home / "inbox"


def collect_inbox(
    bureau: Bureau, *, now: datetime, settled: timedelta = SETTLED, dry_run: bool = False
) -> IntakeReport:
    """Hand in every settled folder of the inbox. One that is refused, or fails, does not stop the others.

    A fault (full disk, locked database) leaves the folder where it is, to be taken next time.
    """
    root = inbox(bureau)
    root.mkdir(parents=True, exist_ok=True)
    taken: list[Intake] = []
    waiting = 0
    for folder in sorted(root.iterdir()):
        if folder.name in (DONE, REFUSED) or folder.name.startswith("."):
            continue
        if not _is_settled(folder, bureau.on_machine(now) - settled):
            waiting += 1
            continue
        one = _take(bureau, folder, now=now, dry_run=dry_run)
        taken.append(one)
        if not dry_run:
            _put_away(root, folder, one, now)
    return IntakeReport(taken=tuple(taken), waiting=waiting)


def _take(bureau: Bureau, folder: Path, *, now: datetime, dry_run: bool) -> Intake:
    obligation_id = int(folder.name) if folder.name.isascii() and folder.name.isdecimal() else None
    try:
        if obligation_id is None or folder.is_symlink() or not folder.is_dir():
            raise Refused(
                f"“{folder.name}”不是任务编号命名的文件夹，请新建以任务编号命名的文件夹再放入材料。"
            )
        sheet = _sheet(folder)
        items = [*_listed(folder, sheet), *_named(folder, sheet)]
        by = _submitter(bureau, obligation_id, sheet)
        submit(
            bureau,
            obligation_id,
            items=items,
            note=sheet.note,
            zero_report=sheet.zero_report,
            figure_reason=sheet.figure_reason,
            by=by,
            now=now,
            dry_run=dry_run,
        )
    except Refused as refused:
        return Intake(folder=folder.name, obligation_id=obligation_id, reasons=refused.reasons)
    return Intake(folder=folder.name, obligation_id=obligation_id)


def _is_settled(folder: Path, before: datetime) -> bool:
    """Whether nothing in the folder changed since; links are looked at themselves, never followed."""
    paths = [folder] if folder.is_symlink() or not folder.is_dir() else [folder, *folder.iterdir()]
    try:
        return max(path.lstat().st_mtime for path in paths) <= before.timestamp()
    except FileNotFoundError:
        return False


def _sheet(folder: Path) -> _Sheet:
    path = next((folder / name for name in SHEETS if (folder / name).is_file()), None)
    if path is None:
        return _Sheet()
    if path.is_symlink() or path.stat().st_size > SHEET_BYTES:
        raise Refused(f"{path.name} 过大或是链接，请改成一个简短的文本文件。")
    try:
        read = YAML(typ="safe").load(path.read_text(encoding="utf-8-sig"))
    except (YAMLError, UnicodeDecodeError):
        raise Refused(f"{path.name} 读不懂，请按 docs/operations.md 的样子写（UTF-8）。") from None
    return _checked(read or {}, path.name)


def _checked(read: object, name: str) -> _Sheet:
    if not isinstance(read, dict) or not set(read) <= _KEYS or not isinstance(read.get("items") or {}, dict):
        raise Refused(
            f"{name} 只能有 by、note、zero_report、figure_reason、items 五项，items 下逐行写 材料代码: 文件名、数据或链接。"
        )
    items = {str(key): value for key, value in (read.get("items") or {}).items()}
    by = read.get("by")
    return _Sheet(
        by=str(by) if by else None,
        note=str(read.get("note") or ""),
        zero_report=read.get("zero_report") is True,
        figure_reason=str(read.get("figure_reason") or ""),
        items=items,
    )


def _listed(folder: Path, sheet: _Sheet) -> Iterator[InboxItem]:
    """What the sheet names: a link, a figure, else a file; a file must lie in the folder."""
    for key, value in sheet.items.items():
        for one in value if isinstance(value, list) else [value]:
            yield _item(folder, key, str(one))


def _item(folder: Path, key: str, text: str) -> InboxItem:
    if text.startswith(("http://", "https://")):
        return LinkItem(key=key, link=text)
    figure = parse_figure(text)
    if figure is not None and not (folder / Path(text).name).is_file():
        return FigureItem(key=key, value=figure[0], unit_of_measure=figure[1])
    return FileItem(key=key, path=Path(text), folder=folder)


def _named(folder: Path, sheet: _Sheet) -> Iterator[InboxItem]:
    """Files that the sheet does not speak of, by the item they are named after: plan.pdf, plan-2.pdf."""
    spoken = {
        str(one) for value in sheet.items.values() for one in (value if isinstance(value, list) else [value])
    }
    for path in sorted(folder.iterdir()):
        if path.name in SHEETS or path.name in spoken or path.name.startswith("."):
            continue
        yield FileItem(key=path.stem.partition("-")[0], path=Path(path.name), folder=folder)


def _submitter(bureau: Bureau, obligation_id: int, sheet: _Sheet) -> Actor:
    """Who the sheet names, else the handler registered for the task: somebody must answer for it."""
    if sheet.by:
        return person_named(bureau, sheet.by)
    with bureau.store.reading() as connection:
        handler_id = load_obligation(connection, obligation_id).handler_id
        handler = person_by_id(connection, handler_id) if handler_id else None
    if handler is None:
        raise Refused(f"不知道由谁报送，请在 {SHEETS[0]} 里写明 by: 姓名。")
    return handler.actor


def _put_away(root: Path, folder: Path, one: Intake, now: datetime) -> None:
    """Move the folder out of the way, with the reasons beside it when it was refused."""
    shelf = root / (REFUSED if one.reasons else DONE)
    stamp = f"{now.astimezone(clock.ZONE):%Y%m%dT%H%M%S}"
    target = _free(shelf, f"{display_name(folder.name)}-{stamp}")
    try:
        shelf.mkdir(exist_ok=True)
        target = _into(target) if not folder.is_dir() or folder.is_symlink() else target
        shutil.move(folder, target)
        if one.reasons:
            place = target if target.is_dir() and not target.is_symlink() else target.parent
            (place / REASON).write_text("\n".join(one.reasons) + "\n", encoding="utf-8")
    except OSError as error:
        raise Fault(
            f"{folder.name} 已办，但移不进 {shelf.name}（{error.strerror}），请检查磁盘与权限。"
        ) from error


def _into(folder: Path) -> Path:
    """A stray file gets a folder of its own, so that its reason can lie beside it."""
    folder.mkdir(parents=True)
    return folder / "原件"


def _free(shelf: Path, name: str) -> Path:
    target, number = shelf / name, 1
    while target.exists() or target.is_symlink():
        number += 1
        target = shelf / f"{name}-{number}"
    return target
