"""duban setup: database, units, example people and the first editions. Running it again changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from calendars.reader import units_of
from duban.accounts.portal_key import write_portal_key
from duban.bureau import Bureau
from duban.cli.options import DryRun, Json, On, moment
from duban.cli.output import complain, print_json, say
from duban.core.access import SYSTEM
from duban.core.db import open_store
from duban.core.settings import Settings, load
from duban.editions.files import YearApplied, apply_year
from duban.schema.migrate import migrate, pending_revisions
from duban.units.example import enter_examples
from duban.units.importing import import_unit_book
from duban.wiring import calendars_folder, open_bureau


def setup(on: On = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """建库或升级，登记单位和示例人员，载入设置里的年度；重复运行不改变已有内容。"""
    settings = load()
    if dry_run:
        say("将" + "；".join(_intended(settings)) + "。")
        return
    done = prepare(settings, now=moment(on), quiet=as_json)
    if as_json:
        print_json([_summary(one) for one in done])
    if any(not one.whole for one in done):
        raise typer.Exit(1)


def prepare(settings: Settings, *, now: datetime, quiet: bool = False) -> tuple[YearApplied, ...]:
    """Make the bureau ready to work. Editions that are at fault are told and do not stop the others."""
    settings.home.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.store_url)
    try:
        moved = migrate(store)
    finally:
        store.close()
    tell = _silent if quiet else say
    if moved.from_revision != moved.to_revision:
        tell(f"台账数据库已建立（结构版本 {moved.to_revision}）：{settings.home.resolve()}")
    if write_portal_key(settings):
        tell(
            f"已生成门户密钥：{(settings.home / 'secrets' / 'duban_portal_key').resolve()}（备份里没有它，请另行保管）。"
        )
    with open_bureau(settings) as bureau:
        _enter_people(bureau, settings, tell, now)
        return tuple(
            _apply(bureau, settings, year, tell, now, quiet=quiet) for year in settings.edition_years
        )


def _enter_people(bureau: Bureau, settings: Settings, tell: Callable[[str], None], now: datetime) -> None:
    book = units_of(calendars_folder(settings))
    units = import_unit_book(bureau, book, by=SYSTEM, now=now)
    if units.new:
        tell(f"已登记单位 {len(units.new)} 个。")
    examples = enter_examples(bureau, now=now)
    if examples.people:
        tell(
            f"已登记示例人员 {examples.people} 名、联系方式 {examples.contacts} 条（均为虚构）；"
            "正式使用前请用 duban unit import 导入真实联系人。"
        )


def _apply(
    bureau: Bureau,
    settings: Settings,
    year: int,
    tell: Callable[[str], None],
    now: datetime,
    *,
    quiet: bool,
) -> YearApplied:
    with _bar(f"载入 {year} 年度", quiet=quiet) as progress:
        done = apply_year(bureau, year, calendars_folder(settings), by=SYSTEM, now=now, progress=progress)
    new = [one for one in done.editions if one.outcome != "unchanged"]
    if new:
        owed = sum(one.obligations_new for one in new)
        tell(f"{year} 年度：{len(done.editions)} 项专项行动，新增任务 {owed} 条。")
    for fault in done.faults:
        complain(f"{fault.file} 第 {fault.line} 行：{fault.message}")
    for sentence in done.refused:
        complain(sentence)
    return done


def _summary(done: YearApplied) -> dict[str, object]:
    return {
        "year": done.year,
        "editions": len(done.editions),
        "changed": sum(one.outcome != "unchanged" for one in done.editions),
        "obligations_new": sum(one.obligations_new for one in done.editions),
        "faults": done.faults,
        "refused": done.refused,
    }


def _intended(settings: Settings) -> Iterator[str]:
    if settings.database_url is None and not (settings.home / "duban.db").exists():
        # Opening a SQLite file that is not there would make it.
        yield f"在 {settings.home.resolve()} 建立台账数据库"
    else:
        store = open_store(settings.store_url)
        try:
            yield "升级台账数据库" if pending_revisions(store) else "保持台账数据库不变"
        finally:
            store.close()
    if settings.portal_key is None:
        yield "生成门户密钥"
    yield f"登记单位与示例人员，载入 {'、'.join(map(str, settings.edition_years))} 年度"


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; nothing where output is read by a program."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, everything: progress.update(task, completed=done, total=everything)


def _silent(_text: str) -> None:
    return
