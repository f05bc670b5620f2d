"""The run history: each round and each campaign's part in it, found by campaign, unit and day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.params import Number, PageLinks, PageNumber, asked
from duban.portal.rendering import xlsx_response
from duban.reports.queries import RunFilter
from duban.reports.runs import PAGE_SIZE, STATUS_NAMES, Runs, list_runs, show_round, write_runs
from duban.units.service import unit_named

router = APIRouter()
Looking = Annotated[PageContext, allow(Role.LEADER, Role.COORDINATOR, Role.OPERATOR, Role.AUDITOR)]
NAMES = ("campaign", "unit", "day")
# A sheet goes back a year and a day.
SHEET_ROUNDS = 367


@router.get("/runs")
def show_runs(
    desk: Looking,
    campaign: str | None = None,
    unit: str | None = None,
    day: str | None = None,
    page: PageNumber = 1,
) -> Response:
    given = asked({"campaign": campaign or "", "unit": unit or "", "day": day or ""}, NAMES)
    runs, fault = _found(desk, given, page=page, page_size=PAGE_SIZE)
    listing = PageLinks(path="/runs", asked=given, page=page, page_size=PAGE_SIZE, total=runs.total)
    return desk.render(
        "leader/runs.html",
        title="运行记录",
        runs=runs,
        fault=fault,
        listing=listing,
        sheet_at=listing.address(1).replace("/runs", "/runs.xlsx", 1),
        given=given,
        STATUS_NAMES=STATUS_NAMES,
    )


@router.get("/runs.xlsx")
def runs_sheet(
    desk: Looking, campaign: str | None = None, unit: str | None = None, day: str | None = None
) -> Response:
    given = asked({"campaign": campaign or "", "unit": unit or "", "day": day or ""}, NAMES)
    runs, _ = _found(desk, given, page=1, page_size=SHEET_ROUNDS)
    name = f"运行记录{desk.today:%Y%m%d}.xlsx"
    return xlsx_response(name, lambda path: write_runs(path, runs, as_of_on=desk.today))


@router.get("/runs/{round_id}")
def show_run(desk: Looking, round_id: Number) -> Response:
    found = show_round(desk.bureau, round_id, by=desk.by, now=desk.now)
    held_on = found.held_on
    return desk.render(
        "leader/run.html",
        title=f"{held_on.year}年{held_on.month}月{held_on.day}日的一轮",
        found=found,
        STATUS_NAMES=STATUS_NAMES,
    )


def _found(desk: PageContext, given: dict[str, str], *, page: int, page_size: int) -> tuple[Runs, str]:
    """The rounds looked for; what cannot be looked for finds nothing, with the reason."""
    nothing = Runs(rounds=(), gaps=(), total=0)
    try:
        wanted = RunFilter(
            campaign=given.get("campaign"),
            unit_id=unit_named(desk.bureau, given["unit"]).id if "unit" in given else None,
            on=date.fromisoformat(given["day"]) if "day" in given else None,
        )
    except NotFound:
        return nothing, f"没有名为“{given['unit']}”的单位，请核对名称，或从单位名录里复制。"
    except ValueError:
        return nothing, "日期请写成 2026-03-31 的样子。"
    return list_runs(desk.bureau, wanted, by=desk.by, now=desk.now, page=page, page_size=page_size), ""
