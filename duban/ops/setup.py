"""Makes a bureau ready to work: database, portal key, units, example people, the first editions. Idempotent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date

from calendars.reader import units_of
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.db import open_store
from duban.core.secrets import write_portal_key
from duban.core.settings import Settings
from duban.editions.files import YearApplied, apply_year
from duban.schema.migrate import migrate, pending_revisions
from duban.trial.rules import trial_sign
from duban.trial.service import found_trial
from duban.units.example import enter_examples
from duban.units.importing import import_unit_book
from duban.wiring import calendars_folder, open_bureau

Tell = Callable[[str], None]
Progress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def prepare(
    settings: Settings,
    *,
    trial: bool = False,
    begin: date | None = None,
    keep: bool = False,
    tell: Tell,
    complain: Tell,
    progress: Progress,
) -> tuple[YearApplied, ...]:
    """Editions that are at fault are told and do not stop the others.

    A new home becomes a `trial` or a real one here, for good; a trial's clock shows the morning of `begin`, or the
    present. To ask a trial of a home that is there already is refused, unless it may `keep` what it is.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.store_url)
    try:
        moved = migrate(store)
        fresh = moved.from_revision is None
        if trial and (fresh or not keep):
            found_trial(store, begin=clock.at(begin) if begin else None, fresh=fresh, machine=clock.now())
    finally:
        store.close()
    if moved.from_revision != moved.to_revision:
        tell(f"台账数据库已建立（结构版本 {moved.to_revision}）：{settings.home.resolve()}")
    if write_portal_key(settings):
        key = (settings.home / "secrets" / "duban_portal_key").resolve()
        tell(f"已生成门户密钥：{key}（备份里没有它，请另行保管）。")
    with open_bureau(settings) as bureau:
        now = bureau.now()
        if bureau.is_trial:
            tell(f"试用环境，{trial_sign(now)}；往前走用 duban clock step 1d --rounds。")
        folder = calendars_folder(settings)
        units = import_unit_book(bureau, units_of(folder), by=SYSTEM, now=now)
        if units.new:
            tell(f"已登记单位 {len(units.new)} 个。")
        examples = enter_examples(bureau, now=now)
        if examples.people:
            tell(
                f"已登记示例人员 {examples.people} 名、联系方式 {examples.contacts} 条（均为虚构）；"
                "正式使用前请用 duban unit import 导入真实联系人。"
            )
        years = []
        for year in settings.edition_years:
            with progress(f"载入 {year} 年度") as advance:
                done = apply_year(bureau, year, folder, by=SYSTEM, now=now, progress=advance)
            new = [one for one in done.editions if one.outcome != "unchanged"]
            if new:
                owed = sum(one.obligations_new for one in new)
                tell(f"{year} 年度：{len(done.editions)} 项专项行动，新增任务 {owed} 条。")
            for fault in done.faults:
                complain(f"{fault.file} 第 {fault.line} 行：{fault.message}")
            for sentence in done.refused:
                complain(sentence)
            years.append(done)
    return tuple(years)


def intended(settings: Settings) -> Iterator[str]:
    """What `prepare` would do; writes nothing."""
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
