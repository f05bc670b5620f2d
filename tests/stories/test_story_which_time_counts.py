"""Nobody states when an act was received; paper that came earlier is stated beside it, and counts once it is accepted.

What was seen: `submit --on 2026-04-01`, `review --on 2026-03-01`, `sign-off --on 2026-02-01`, all done on 28 November:
the light said 按时, the history ran backwards, and the real time stood nowhere.
"""

from __future__ import annotations

from pathlib import Path

from tests.stories.bureau import Bureau, a_text
from tests.stories.conftest import Opened

PLAN = "年度巡检计划报备案"


def handed_in_late(opened: Opened, folder: Path) -> tuple[Bureau, str]:
    """天宁 owes its plan by 31 March and hands it in here on 2 April."""
    bureau = opened("place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    number = bureau.number("天宁区民政局", PLAN, on="2026-01-05")
    plan = a_text(folder / "plan.txt", "巡检计划")
    bureau.done("obligation", "submit", number, "--file", f"plan={plan}", "--as", "董科长", on="2026-04-02")
    return bureau, number


def state(number: str, day: str, who: str = "周处长", reason: str = "收文登记第 88 号") -> tuple[str, ...]:
    return ("obligation", "state-date", number, "--stated-on", day, "--reason", reason, "--as", who)


def test_no_act_takes_a_day_and_everything_has_the_day_it_was_done(opened: Opened, tmp_path: Path) -> None:
    bureau = opened("place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")
    number = bureau.number("天宁区民政局", PLAN, on="2026-01-05")
    plan = f"plan={a_text(tmp_path / 'plan.txt', '巡检计划')}"

    acts = (
        ("submit", "--file", plan, "--as", "董科长"),
        ("review", "--pass", "--as", "陈科长"),
        ("sign-off", "--as", "吴处长"),
    )
    for (verb, *words), day in zip(acts, ("2026-04-01", "2026-03-01", "2026-02-01"), strict=True):
        stated = bureau.run("obligation", verb, number, *words, "--on", day, on="2026-11-28")
        assert (stated.status, "--on" in stated.err) == (2, True)
        bureau.done("obligation", verb, number, *words)

    shown = bureau.show(number, on="2026-11-28")
    assert (shown["state"], shown["late"], shown["word"]) == ("closed", True, "逾期办结")
    assert {entry["at"][:10] for entry in shown["history"]} == {"2026-11-28"}
    assert shown["submissions"][0]["submitted_at"].startswith("2026-11-28")
    assert "指纹链完整" in bureau.done("history", "verify")


def test_paper_that_came_in_time_counts_once_a_reviewer_accepts_it(opened: Opened, tmp_path: Path) -> None:
    bureau, number = handed_in_late(opened, tmp_path)
    assert bureau.show(number, on="2026-04-02")["late"] is True

    bureau.done(*state(number, "2026-03-30"))

    # Both days are shown, and until a reviewer has decided the day of receipt counts.
    waiting = bureau.show(number, on="2026-04-02")
    assert (waiting["late"], waiting["submitted_on"]) == (True, "2026-04-02")
    [submission] = waiting["submissions"]
    assert submission["submitted_at"].startswith("2026-04-02")
    assert (submission["stated"]["stated_on"], submission["stated"]["verdict"]) == ("2026-03-30", None)
    told = bureau.done("obligation", "show", number)
    assert "2026-04-02 08:30收到" in told and "补录日期：2026年3月30日（周处长：收文登记第 88 号" in told

    # A pass has to say what it makes of it.
    review = ("obligation", "review", number, "--pass", "--as", "陈科长")
    asked = bureau.refused(*review, on="2026-04-03")
    assert "补录日期2026年3月30日（收到的日期2026年4月2日）" in asked
    bureau.done(*review, "--accept-stated")

    after = bureau.show(number, on="2026-04-03")
    assert (after["late"], after["submitted_on"]) == (False, "2026-03-30")
    assert after["submissions"][0]["stated"]["verdict"] == "accepted"
    assert after["submissions"][0]["submitted_at"].startswith("2026-04-02")
    bureau.done("obligation", "sign-off", number, "--as", "吴处长", on="2026-04-07")
    assert bureau.show(number, on="2026-04-07")["word"] == "按期办结"
    said = {entry["verb"]: entry["detail"] for entry in bureau.ask("history", "show", "--obligation", number)}
    assert said["state_date"]["received_on"] == "2026-04-02" and said["pass"]["accepted"] is True
    assert "指纹链完整" in bureau.done("history", "verify")


def test_what_is_not_accepted_stays_late(opened: Opened, tmp_path: Path) -> None:
    bureau, number = handed_in_late(opened, tmp_path)
    bureau.done(*state(number, "2026-03-30"))

    bureau.done(
        "obligation", "review", number, "--pass", "--refuse-stated", "--as", "陈科长", on="2026-04-03"
    )

    shown = bureau.show(number, on="2026-04-03")
    assert (shown["late"], shown["submitted_on"]) == (True, "2026-04-02")
    assert "陈科长不认可，按收到的日期算" in bureau.done("obligation", "show", number)


def test_a_stated_day_is_refused_with_both_dates(opened: Opened, tmp_path: Path) -> None:
    bureau, number = handed_in_late(opened, tmp_path)

    assert "补录日期2026年4月2日不早于收到的日期2026年4月2日" in bureau.refused(*state(number, "2026-04-02"))
    assert "补录日期2062年3月30日不早于收到的日期" in bureau.refused(*state(number, "2062-03-30"))
    assert "补录日期2026年1月4日早于交办的日期2026年1月5日" in bureau.refused(*state(number, "2026-01-04"))
    assert "要写明理由" in bureau.refused(*state(number, "2026-03-30", reason=" "))
    assert "请由统筹科室办理" in bureau.refused(*state(number, "2026-03-30", who="董科长"))

    # After a send-back it cannot lie before that, and an earlier late mark stays.
    back = ("obligation", "review", number, "--send-back", "--reason", "缺街道", "--as", "陈科长")
    bureau.done(*back, on="2026-04-07")
    bureau.done("obligation", "submit", number, "--note", "已补", "--as", "董科长", on="2026-04-10")
    assert "早于退回的日期2026年4月7日" in bureau.refused(*state(number, "2026-04-03"))
    bureau.done(*state(number, "2026-04-08"))
    assert "已经补录过日期" in bureau.refused(*state(number, "2026-04-09"))
    bureau.done(
        "obligation", "review", number, "--pass", "--accept-stated", "--as", "陈科长", on="2026-04-10"
    )
    assert bureau.show(number, on="2026-04-10")["late"] is True


def test_whoever_stated_it_does_not_accept_it(opened: Opened, tmp_path: Path) -> None:
    bureau, number = handed_in_late(opened, tmp_path)
    bureau.done(*state(number, "2026-03-30"))

    own = bureau.refused("obligation", "review", number, "--pass", "--accept-stated", "--as", "周处长")

    assert "不能自己认可" in own
