"""日报、周报、月报: the plain text that leaders get, written to home/bulletins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM
from duban.core.errors import Fault
from duban.figures.measures import RateTally, left_out_words
from duban.reports.board import read_board
from duban.reports.bulletin_drafts import SHOWN, bulletin_section
from duban.reports.queries import (
    BulletinSpan,
    BulletinTotals,
    bulletin_span,
    bulletin_totals,
    coming_lines,
    overdue_lines,
)

COMING_WORKDAYS = 5


class Period(StrEnum):
    """Which bulletin: of the day, of the week that ends on the day, of the month before it."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


PERIOD_NAMES = {Period.DAILY: "日报", Period.WEEKLY: "周报", Period.MONTHLY: "月报"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """A bulletin as text (Markdown that reads as plain text) and where it lies."""

    title: str
    text: str
    path: Path


def write_bulletin(bureau: Bureau, period: Period, *, now: datetime) -> Bulletin:
    """Compose and write the bulletin; the same one written again replaces its file."""
    done = compose_bulletin(bureau, period, now=now)
    try:
        done.path.parent.mkdir(parents=True, exist_ok=True)
        # Never half a bulletin under the real name.
        building = done.path.with_suffix(".part")
        building.write_text(done.text, encoding="utf-8")
        building.replace(done.path)
    except OSError as error:
        raise Fault(
            f"{done.title}写不进 {done.path.parent}（{error.strerror}），请检查磁盘与权限。"
        ) from error
    return done


def compose_bulletin(bureau: Bureau, period: Period, *, now: datetime) -> Bulletin:
    """The bulletin as it would be written."""
    today = clock.civil(now)
    first, last = bulletin_span_of(period, today)
    coming_until = bureau.workdays.shift(today, COMING_WORKDAYS)
    rates = read_board(bureau, by=SYSTEM, today=last).tally
    with bureau.store.reading() as connection:
        everything = bulletin_totals(connection, today)
        happened = bulletin_span(connection, first, last)
        overdue = overdue_lines(connection, today, limit=SHOWN)
        coming = coming_lines(connection, today, coming_until, limit=SHOWN)
    title = f"督办{PERIOD_NAMES[period]}（{_span_words(first, last)}）"
    lines = [
        f"# {title}",
        "",
        *_overall(everything, rates, happened, last),
        *bulletin_section("二、逾期未办", overdue, "没有逾期事项。"),
        *bulletin_section(f"三、{COMING_WORKDAYS} 个工作日内到期", coming, "没有临期事项。"),
        *_notes(bureau, today),
    ]
    name = f"{last:%Y-%m-%d}-{PERIOD_NAMES[period]}.md"
    folder = (bureau.settings.home / "bulletins").resolve()
    return Bulletin(title=title, text="\n".join(lines) + "\n", path=folder / name)


def bulletin_span_of(period: Period, today: date) -> tuple[date, date]:
    """First and last day that a bulletin speaks of."""
    match period:
        case Period.DAILY:
            return today, today
        case Period.WEEKLY:
            return today - timedelta(days=6), today
        case Period.MONTHLY:
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last


def _overall(
    everything: BulletinTotals, rates: RateTally, happened: BulletinSpan, last: date
) -> Iterator[str]:
    yield "## 一、总体情况"
    yield ""
    yield (
        f"在办专项行动 {everything.editions} 项，任务 {everything.owed} 条："
        f"已销号 {everything.done} 条，待审核 {everything.waiting} 条，逾期 {everything.overdue} 条。"
    )
    in_time = rates.rate("in_time")
    yield (
        f"截至 {last:%Y-%m-%d} 应办结 {in_time.whole} 条，按时办结 {in_time.part} 条，{in_time.name} {in_time.shown}"
        f"（{in_time.definition}）。"
    )
    if left_out := left_out_words(rates):
        yield f"不计入的：{left_out}。"
    yield (
        f"本期到期 {happened.became_due} 条，销号 {happened.closed} 条，批准延期 {happened.extended} 次；"
        f"发出消息 {happened.accepted} 封（对方服务器已接收），未能发出 {happened.failed} 封。"
    )
    yield ""


def _notes(bureau: Bureau, today: date) -> Iterator[str]:
    if bureau.workdays.is_provisional(today, bureau.workdays.shift(today, COMING_WORKDAYS)):
        yield "注：所涉年份的放假通知尚未导入，临期日期为暂定。"


def _span_words(first: date, last: date) -> str:
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}"
