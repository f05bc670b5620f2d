"""`duban workdays`: what a year's notices say, as this bureau knows them. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer

from calendars.workdays import NamedDay, WorkdayTable, YearState, YearUnknown
from calendars.workdays.files import load_workdays
from duban.cli.options import Json
from duban.cli.output import print_json, print_table, say
from duban.core.errors import Refused
from duban.core.settings import Settings, load
from duban.wiring import open_bureau

STATES = {
    YearState.PUBLISHED: "已公布",
    YearState.PROVISIONAL: "暂定（通知尚未导入，凡依据这一年的日期都是暂定）",
}
WEEKDAYS = "一二三四五六日"


def workdays(
    year: Annotated[int, typer.Argument(help="年份，例如 2026。")],
    as_json: Json = False,
) -> None:
    """某一年的放假、调休上班、依据和状态；没有这一年就拒绝（退出码 1）。"""
    found = answer(known_workdays(load()), year)
    if as_json:
        print_json(found)
    else:
        _show(found)


def known_workdays(settings: Settings) -> WorkdayTable:
    """The shipped notices with those this bureau confirmed; before `duban setup` there are only the shipped ones."""
    if settings.database_url is None and not (settings.home / "duban.db").is_file():
        return load_workdays()
    with open_bureau(settings) as bureau:
        return bureau.workdays


def answer(table: WorkdayTable, year: int) -> dict[str, Any]:
    """The year as the JSON contract has it. Raises Refused for a year nobody knows."""
    try:
        state = table.state(year)
    except YearUnknown as unknown:
        raise Refused(str(unknown)) from None
    return {
        "year": year,
        "state": state,
        "provisional": state is YearState.PROVISIONAL,
        "source": table.source(year),
        "workdays": table.between(date(year, 1, 1), date(year, 12, 31)),
        "days_off": _listed(table.days_off(year)),
        "make_up_workdays": _listed(table.make_up_days(year)),
        "local_days": [
            {"date": day.on, "works": day.works, "reason": day.reason}
            for day in table.local
            if day.on.year == year
        ],
    }


def _listed(days: Sequence[NamedDay]) -> list[dict[str, Any]]:
    return [{"date": day.on, "name": day.name} for day in days]


def _show(found: dict[str, Any]) -> None:
    say(f"{found['year']}年：{STATES[found['state']]}")
    say(f"依据：{found['source']}")
    say(f"工作日共{found['workdays']}天")
    rows = [(day["date"], day["name"], "放假") for day in found["days_off"]]
    rows += [(day["date"], day["name"], "上班") for day in found["make_up_workdays"]]
    rows += [
        (day["date"], day["reason"], "本地上班" if day["works"] else "本地放假")
        for day in found["local_days"]
    ]
    named = ((f"{on}（周{WEEKDAYS[on.weekday()]}）", name, kind) for on, name, kind in sorted(rows))
    print_table(f"{found['year']}年放假与调休", ("日期", "节日", "安排"), named)
