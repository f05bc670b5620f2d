"""Proposes next year's campaign files from this year's, into home/proposals; a person moves them where they count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calendars.almanac import almanac_for
from calendars.reader.year import campaign_files
from calendars.roll import RollRefused, describe, roll_year, write
from office import clock
from office.actions.office import Office
from office.errors import Fault, Refused

FIRST_MONTH = 11  # the notice for the next year has come in November of late


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was proposed. `folder` is None where the year's files are there already; `report` says what moved."""

    to_year: int
    folder: Path | None
    files: int
    open_targets: int
    provisional: bool
    report: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the coordinator should know, with the next step."""
        said = []
        if self.folder is None:
            said.append(f"{self.to_year} 年度的专项行动文件已经在用，没有另拟草案。")
        else:
            said.append(
                f"{self.to_year} 年度草案 {self.files} 项在 {self.folder}，其中 {self.open_targets} 个指标待定；"
                "核对后移入专项行动文件夹，再用 duban calendar apply 发布。"
            )
        if self.provisional:
            said.append(
                f"{self.to_year} 年放假通知尚未导入，所有与工作日有关的日期均为暂定；通知发布后请用 duban import-notice 导入。"
            )
        return (*said, *self.faults)


def propose_year(office: Office, calendars: Path, *, now: datetime) -> Proposal:
    """Roll the present civil year's files into the next. Written again, a proposal replaces the one before.

    Refused before November, and when the next year's workdays are known to nobody.
    """
    today = clock.civil(now)
    if today.month < FIRST_MONTH:
        raise Refused(
            f"{today.year + 1} 年度草案从 11 月起拟定；现在就要的，请用 duban calendar roll {today.year + 1}。"
        )
    try:
        plan = roll_year(
            today.year, today.year + 1, almanac=almanac_for(), workdays=office.workdays, root=calendars
        )
        exists = bool(campaign_files(calendars / str(plan.to_year)))
        folder = office.settings.home.resolve() / "proposals"
        if not exists:
            write(plan, folder, replace=True)
    except RollRefused as refusal:
        raise Refused(str(refusal)) from refusal
    except OSError as error:
        raise Fault(f"草案没有写成（{error.strerror}），请检查磁盘与权限。") from error
    return Proposal(
        to_year=plan.to_year,
        folder=None if exists else folder / str(plan.to_year),
        files=len(plan.files),
        open_targets=len(plan.targets),
        provisional=plan.provisional,
        report=tuple(describe(plan)),
        faults=tuple(f"{fault.file} 第 {fault.line} 行：{fault.message}" for fault in plan.faults),
    )
