"""Where a due date on a day off goes: on which days off it moves and which way, as a phrase or a campaign says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from calendars.workdays import WorkdayTable

WAYS = {"previous": "提前到前一个工作日", "next": "顺延到下一个工作日", "second": "顺延到假后第二个工作日"}
DAYS = {"all": "休息日", "holidays": "法定节假日", "weekends": "周末"}

_DAY = "节假日|假日|节日|休息日|双休日|周六日|周末|公休日|非工作日"
_REST = r"(?:节假日|节日|假日|节|假期|长假)"
_TO = rf"{_REST}后的?(?:首|第1)个工作日|{_REST}后的?(?P<second>第2个工作日)|(?:下|后|次)1?[1一]?个?工作日|{_REST}?前的?(?:最后1?个|[1一]个?|上1?个?)?工作日|(?:前|上)[1一]?个?工作日|{_REST}前|{_REST}后"
CLAUSE = re.compile(
    rf"[,;]?\(?(?:遇|如遇|若遇|逢|如逢|恰逢|适逢)?(?P<days>(?P<law>法定|国家法定)?(?:{_DAY})(?:(?:、|和|及|或|与)(?:法定)?(?:{_DAY}))*)"
    rf"(?:的|则|时|,)*(?:自动|依次|相应|可)?(?P<way>顺延|提前|延后|推迟|后延)(?:(?:至|到|为|于)(?P<to>{_TO}))?(?:完成|报送|上报|办理)?\)?"
)
"""The clause at the end of a phrase that says what a day off does to its date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """`way` is one of WAYS, `days` of DAYS; `why` says on whose word, as the sentence beside the date has it."""

    way: str
    days: str = "all"
    why: str

    @property
    def modifier(self) -> str:
        """Its normal form among a reading's modifiers."""
        return f"holiday_roll({self.way})" if self.days == "all" else f"holiday_roll({self.way},{self.days})"

    def of(self, due_on: date, table: WorkdayTable) -> date:
        """The day itself, unless it is one of the days off that move it."""
        if table.is_workday(due_on) or not self._moves(due_on, table):
            return due_on
        if self.way == "previous":
            return table.on_or_before(due_on)
        return table.shift(due_on, 1 if self.way == "next" else 2)

    def _moves(self, due_on: date, table: WorkdayTable) -> bool:
        if self.days == "all":
            return True
        if self.days == "weekends":
            return due_on.weekday() >= 5
        return any(day.on == due_on for day in table.days_off(due_on.year))

    def sentence(self, due_on: date, moved_on: date) -> str:
        """Why another day stands there."""
        return f"原到期日{due_on}是{DAYS[self.days]}，改为{moved_on}（{self.why}）。"


def clause_of(text: str) -> tuple[str, Roll] | None:
    """The text before its rolling clause, and what the clause says; None where there is none, or it contradicts itself."""
    found = re.search(CLAUSE.pattern + "$", text)
    if found is None or found.start() == 0:
        return None
    to, ahead = found["to"] or "", found["way"] == "提前"
    backwards = "前" in to or to.startswith("上")
    if to and backwards != ahead:
        return None
    named = found["days"]
    if re.search("节|假", named):
        # 节假日 in an office's mouth is any day off; 法定节假日 alone is not a weekend.
        days = (
            "holidays" if found["law"] and not re.search("双休|周末|周六|公休|休息|非工作", named) else "all"
        )
    else:
        days = "weekends" if re.fullmatch("双休日|周六日|周末|公休日", named) else "all"
    way = "previous" if ahead else "second" if found["second"] else "next"
    said = found[0].strip(",;()")
    return text[: found.start()], Roll(way=way, days=days, why=f"文中写明“{said}”")
