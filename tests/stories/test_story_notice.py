"""The days off of 2027 become known in November 2026: one person enters the notice, another confirms it."""

from __future__ import annotations

from pathlib import Path

from tests.stories.bureau import a_text, letters_to
from tests.stories.conftest import Opened

# An invented notice: 27 February 2027, a Saturday, is worked, so the last workday before the 28th moves.
NOTICE = """国务院办公厅关于2027年部分节假日安排的通知
国办发明电〔2026〕8号

各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
现将2027年部分节假日放假调休日期的具体安排通知如下。
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（周五）至13日（周六）放假调休，共9天。1月31日（周日）、2月27日（周六）上班。
三、清明节：4月3日（周六）至5日（周一）放假，共3天。
四、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假1天。
六、中秋节：9月15日（周三）放假1天。
七、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。

国务院办公厅
2026年11月18日
"""
DAY = "2026-11-20"
# Those who were told of 街面巡查 before; their superiors and leaders were not.
BUREAUS = {
    f"{code}-mz@unit.example" for code in ("liyang", "jintan", "wujin", "xinbei", "tianning", "zhonglou")
}


def test_a_notice_confirmed_by_a_second_person_settles_the_dates_and_tells_each_unit_once(
    opened: Opened, tmp_path: Path
) -> None:
    bureau = opened("winter_warmth")
    notice = a_text(tmp_path / "通知.txt", NOTICE)
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    bureau.morning("2026-11-12")
    patrol = bureau.number("天宁区民政局", "街面巡查和救助", on="2026-11-12")
    summary = bureau.number("天宁区民政局", "专项救助小结", on="2026-11-12")
    before = bureau.show(patrol, on="2026-11-20")

    preview = bureau.done("import-notice", str(notice), "--dry-run", on=DAY)
    bureau.done("import-notice", str(notice), "--as", "周处长")
    proposed = bureau.ask("workdays", "2027")
    alone = bureau.refused("import-notice", str(notice), "--confirm", "--as", "周处长")
    bureau.done("import-notice", str(notice), "--confirm", "--as", "吴处长")

    assert "2027-02-27" in preview
    assert "法定应为" not in preview
    assert proposed["provisional"] is True
    assert "须由另一人核对确认" in alone
    assert (before["last_workday"], before["provisional"]) == ("2027-02-26", True)
    after = bureau.show(patrol, on="2026-11-20")
    assert (after["due_on"], after["last_workday"], after["provisional"]) == (
        "2027-02-28",
        "2027-02-27",
        False,
    )
    assert bureau.show(summary, on="2026-11-20")["provisional"] is False
    assert "暂定" not in bureau.done("obligation", "show", patrol)

    # One letter for each unit, about the matter whose last workday moved; the other only lost its mark.
    letters = [one for one in bureau.morning("2026-11-20") if one.subject.startswith("【日历变更】")]
    assert {one.to for one in letters} == BUREAUS | {"jingkai-mz@unit.example"}
    assert len(letters) == 7
    [told] = letters_to("tianning-mz@unit.example", letters)
    assert "街面巡查和救助，最后工作日改为2027年2月27日" in told.subject
    assert "1项任务的最后工作日随之调整" in told.text
    assert "街面巡查和救助" in told.text
    assert "专项救助小结" not in told.text
    assert "最后工作日：2027年2月27日（周六）" in told.text
    assert "最后工作日原为2027年2月26日（周五，暂定）" in told.text
    later = [*bureau.morning("2026-11-23"), *bureau.morning("2026-11-24")]
    assert not [one for one in later if "日历变更" in one.subject]

    journal = {(one["verb"], one["noun"], one["actor"]) for one in bureau.ask("history", "show")}
    assert {("propose", "notice", "周处长"), ("confirm", "notice", "吴处长")} <= journal
    assert ("change", "milestone", "吴处长") in journal
    assert "指纹链完整" in bureau.done("history", "verify")
