"""Years that a campaign of every year has no edition for: told from November on, and at every door in January."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from duban.bureau import Bureau
from duban.core.access import Actor, visible_units
from duban.core.db import Connection
from duban.editions.queries import UnscheduledCampaign, unscheduled_campaigns
from duban.editions.rules import years_to_schedule
from duban.units.rules import keeping_refusals

NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UnscheduledYear:
    """A year with the campaigns that had an edition the year before. `own`: those of the reader's units alone;
    `keeps`: it is the reader who schedules it.
    """

    year: int
    campaigns: tuple[UnscheduledCampaign, ...]
    own: bool
    keeps: bool

    @property
    def title(self) -> str:
        return f"{self.year}年度尚未排定"

    @property
    def sentence(self) -> str:
        """What is missing, and what the reader does about it."""
        names = "、".join(one.campaign for one in self.campaigns[:NAMED])
        many = f"{names}{'等' if len(self.campaigns) > NAMED else ''}{len(self.campaigns)}个专项行动"
        if self.own:
            return (
                f"{self.title}：{self.year - 1}年承担过的{many}还没有下达新一年度的任务，"
                "请以统筹科室通知为准；上一年度没有办结的照常办理。"
            )
        begun = sum(one.draft for one in self.campaigns)
        missing = f"{self.title}：每年都办的{many}还没有发布{self.year}年度"
        missing += f"（其中{begun}个已有草稿）" if begun else ""
        if not self.keeps:
            return f"{missing}，请由统筹科室起草、核对后发布。"
        return (
            f"{missing}。请用 duban calendar roll {self.year} 起草、核对后用 "
            f"duban calendar apply {self.year} 发布，或在门户里结转；今后不办的，请把{self.year - 1}年文件的 "
            "recurrence 改为 once 后重新载入。"
        )


def unscheduled_years(
    connection: Connection, today: date, *, by: Actor, ahead: bool = True
) -> tuple[UnscheduledYear, ...]:
    """Every year that should be scheduled by now and is not, as far as the person may see. Without `ahead` only what
    is missing of the present year in its January, which concerns everybody.
    """
    sight = visible_units(by)
    years = years_to_schedule(today) if ahead else (today.year,) if today.month == 1 else ()
    reader = {"own": not sight.everything, "keeps": not keeping_refusals(by, "排定年度")}
    found = ((year, unscheduled_campaigns(connection, year, sight)) for year in years)
    return tuple(UnscheduledYear(year=year, campaigns=some, **reader) for year, some in found if some)


def missing_in_january(bureau: Bureau, today: date, *, by: Actor) -> tuple[UnscheduledYear, ...]:
    """What every page says in January while its year is not there; nothing is asked of the ledger in other months."""
    if today.month != 1:
        return ()
    with bureau.store.reading() as connection:
        return unscheduled_years(connection, today, by=by, ahead=False)
