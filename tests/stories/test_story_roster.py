"""600 social organisations are to be checked: 425 take part, 371 are through, and the rest are known by name."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.stories.conftest import Opened

CHECK = ("social_org_annual_check", "2025")
HEADINGS = ("统一社会信用代码", "名称", "业务主管单位", "参检日期", "结论", "结论日期")
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_a_roster_of_six_hundred_gives_exact_rates_and_the_exact_list_of_those_missing(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("social_org_annual_check", year="2025")
    bureau.done("calendar", "apply", "2025", "--as", "周处长", on="2025-01-06")
    unknown = bureau.done("roster", "show", *CHECK)
    sheet = a_roster(tmp_path / "名册.csv")

    coming = bureau.done("roster", "import", *CHECK, str(sheet), "--as", "周处长", on="2025-07-01")
    again = bureau.done("roster", "import", *CHECK, str(sheet), "--as", "周处长", on="2025-07-01")

    assert "—" in unknown
    assert "新增600个" in coming
    assert "报结108项、销号742项" in coming
    assert "没有改动" in again
    whole = bureau.ask("roster", "show", *CHECK)["all"]
    assert (whole["due"], whole["taken_part"], whole["completed"]) == (600, 425, 371)
    assert (whole["participation"], whole["completion"]) == ("70.8 %", "61.8 %")
    missing = bureau.ask("roster", "missing", *CHECK)
    assert [one["code"] for one in missing] == [a_code(number) for number in range(425, 600)]

    # The city's target of that year is 80 %: 70.8 % misses it, and says so.
    for name, value in (("应参检", "600"), ("已参检", "425"), ("完成年检", "371")):
        words = (
            "figure",
            "record",
            *CHECK,
            name,
            value,
            "--unit",
            "家",
            "--as",
            "周处长",
        )
        bureau.done(*words, on="2025-07-01")
    city = {one["key"]: one for one in bureau.ask("figure", "indicators", *CHECK)["city"]}
    assert (city["taken_part"]["shown"], city["taken_part"]["reached"]) == ("70.8 %", False)
    assert "80" in city["taken_part"]["target"]
    assert city["completed_rate"]["shown"] == "61.8 %"

    # On the board everything concluded is done, and only 5月31日 was met; red stay the 175 missing, twice, the 54
    # that reached their 3月31日 late and wait for a conclusion, and the district's own notice.
    (line,) = bureau.ask("board", "--campaign", CHECK[0], "--on", "2025-07-01")["campaigns"]
    tianning = next(cell for cell in line["cells"] if cell["unit"] == "天宁区民政局")
    done, in_time = tianning["rates"]["done"], tianning["rates"]["in_time"]
    assert (done["part"], done["whole"], done["shown"]) == (742, 1201, "61.8 %")
    assert in_time["part"] == 371
    assert tianning["lights"]["red"] == 175 * 2 + 54 + 1


def a_roster(path: Path) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *(_row(number) for number in range(600))])
    return path


def _row(number: int) -> tuple[str, ...]:
    taken_part = "2025-05-20" if number < 425 else ""
    outcome = ("合格", "2025-06-30") if number < 371 else ("", "")
    return a_code(number), f"第{number + 1}号社会组织", "天宁区民政局", taken_part, *outcome


def a_code(number: int) -> str:
    """A unified social credit code with the check sign that GB 32100-2015 asks for."""
    head = f"5132040{number:010d}"
    total = sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(head))
    return head + SIGNS[-total % 31]
