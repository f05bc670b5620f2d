"""Named people take an obligation through its life: hand in, send back, review, sign off, reopen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.evidence.service import FileItem, submit
from duban.history.queries import list_entries, verify_chain
from duban.obligations.states import State, Transition
from duban.obligations.transitions import (
    Acknowledgement,
    ExtensionDecision,
    ExtensionRequest,
    Reopening,
    SendBack,
    SpotCheck,
    transition,
)
from tests.builders import a_person, a_unit, an_edition, an_obligation

PLAN = ({"key": "plan", "title": "巡检计划"},)


def on(day: str):
    return clock.at(date.fromisoformat(day))


@pytest.fixture
def people(bureau: Bureau):
    return cast(bureau)


def cast(bureau: Bureau):
    home = a_unit(bureau, "市民政局", kind="bureau")
    unit = a_unit(bureau)
    return {
        "bureau": home,
        "unit": unit,
        "wang": a_person(bureau, "王科长", unit, Role.HANDLER),
        "sun": a_person(bureau, "孙科员", unit, Role.HANDLER),
        "chen": a_person(bureau, "陈审核", home, Role.REVIEWER),
        "zhou": a_person(bureau, "周统筹", home, Role.COORDINATOR),
        "li": a_person(bureau, "李局长", home, Role.LEADER),
        "zhao": a_person(bureau, "赵某", home),
    }


def a_plan(tmp_path: Path, text: str = "3月巡检计划") -> Path:
    path = tmp_path / f"{abs(hash(text))}.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_is_taken_on_handed_in_sent_back_put_right_reviewed_and_signed_off(
    bureau: Bureau, people, tmp_path: Path
) -> None:
    edition = an_edition(bureau, coordinator_unit_id=people["bureau"])
    one = an_obligation(bureau, unit_id=people["unit"], edition_id=edition, evidence=PLAN)

    transition(
        bureau,
        one,
        Transition.ACKNOWLEDGE,
        Acknowledgement(backup_id=people["sun"].person_id),
        by=people["wang"],
        now=on("2026-03-02"),
    )
    first = FileItem(key="plan", path=a_plan(tmp_path, "第一稿"))
    submit(bureau, one, items=[first], by=people["wang"], now=on("2026-03-20"))
    sent = transition(
        bureau,
        one,
        Transition.SEND_BACK,
        SendBack(reason="未列各街道的完成月份", resubmit_by_on=date(2026, 4, 3)),
        by=people["chen"],
        now=on("2026-03-30"),
    )
    second = FileItem(key="plan", path=a_plan(tmp_path, "第二稿"))
    submit(bureau, one, items=[second], by=people["sun"], now=on("2026-04-02"))
    accepted = transition(bureau, one, Transition.PASS, by=people["chen"], now=on("2026-04-07"))
    closed = transition(bureau, one, Transition.SIGN_OFF, by=people["zhou"], now=on("2026-04-08"))
    archived = transition(bureau, one, Transition.ARCHIVE, by=people["zhou"], now=on("2026-04-09"))

    assert (sent.state, sent.due_on, sent.messages) == (State.RETURNED, date(2026, 4, 3), 1)
    assert accepted.state is State.ACCEPTED
    assert (closed.state, closed.late) == (State.CLOSED, False)
    assert archived.state is State.ARCHIVED
    with bureau.store.reading() as connection:
        verbs = [entry.verb for entry in list_entries(connection, noun="obligation", noun_id=one)]
        assert verify_chain(connection).broken_at is None
    assert verbs == [
        "acknowledge",
        "submit",
        "send_back",
        "submit",
        "pass",
        "sign_off",
        "archive",
    ]


def test_nobody_reviews_or_signs_off_what_he_handed_in(bureau: Bureau, people, tmp_path: Path) -> None:
    both = a_person(bureau, "钱兼任", people["unit"], Role.HANDLER, Role.REVIEWER, Role.COORDINATOR)
    one = an_obligation(bureau, unit_id=people["unit"], evidence=PLAN)
    submit(bureau, one, items=[FileItem(key="plan", path=a_plan(tmp_path))], by=both, now=on("2026-03-20"))

    with pytest.raises(Refused, match="不能审核或销号自己经手的材料"):
        transition(bureau, one, Transition.PASS, by=both, now=on("2026-03-21"))

    transition(bureau, one, Transition.PASS, by=people["zhou"], now=on("2026-03-21"))
    with pytest.raises(Refused, match="审核过这项任务，不能再销号"):
        transition(bureau, one, Transition.SIGN_OFF, by=people["zhou"], now=on("2026-03-22"))
    with pytest.raises(Refused, match="不能审核或销号自己经手的材料"):
        transition(bureau, one, Transition.SIGN_OFF, by=both, now=on("2026-03-22"))
    assert (
        transition(bureau, one, Transition.SIGN_OFF, by=people["li"], now=on("2026-03-22")).state
        is State.CLOSED
    )


def test_three_levels_need_three_reviewers(bureau: Bureau, people, tmp_path: Path) -> None:
    one = an_obligation(bureau, unit_id=people["unit"], review_levels=3)
    third = a_person(bureau, "吴主任", people["bureau"], Role.REVIEWER)
    submit(bureau, one, by=people["wang"], now=on("2026-03-20"))

    first = transition(bureau, one, Transition.PASS, by=people["chen"], now=on("2026-03-21"))
    with pytest.raises(Refused, match="已审核过这次报送的前一级"):
        transition(bureau, one, Transition.PASS, by=people["chen"], now=on("2026-03-21"))
    with pytest.raises(Refused, match="待审核"):
        transition(bureau, one, Transition.SIGN_OFF, by=people["zhou"], now=on("2026-03-21"))
    second = transition(bureau, one, Transition.PASS, by=third, now=on("2026-03-21"))
    last = transition(bureau, one, Transition.PASS, by=people["li"], now=on("2026-03-21"))

    assert [first.state, second.state, last.state] == [State.SUBMITTED, State.SUBMITTED, State.ACCEPTED]


def test_a_stranger_learns_nothing_of_a_matter(bureau: Bureau, people) -> None:
    one = an_obligation(bureau, unit_id=people["unit"])

    with pytest.raises(NotFound, match="不归您的单位"):
        transition(
            bureau, one, Transition.SEND_BACK, SendBack(reason=" "), by=people["zhao"], now=on("2026-03-20")
        )


def test_whoever_may_not_act_is_told_every_reason_at_once(bureau: Bureau, people) -> None:
    one = an_obligation(bureau, unit_id=people["unit"])

    with pytest.raises(Refused) as refused:
        transition(
            bureau, one, Transition.SEND_BACK, SendBack(reason=" "), by=people["wang"], now=on("2026-03-20")
        )

    assert len(refused.value.reasons) == 3
    assert "不能退回" in refused.value.reasons[0]
    assert "没有退回的权限" in refused.value.reasons[1]
    assert "写明原因" in refused.value.reasons[2]


def test_an_extension_moves_our_date_but_never_the_wall(bureau: Bureau, people) -> None:
    one = an_obligation(bureau, unit_id=people["unit"], hard_due_on=date(2026, 4, 15))
    asked = {"reason": "会商未完", "progress": "已完成七成"}

    with pytest.raises(Refused, match="超过上级时限2026年4月15日"):
        transition(
            bureau,
            one,
            Transition.ASK_EXTENSION,
            ExtensionRequest(wanted_on=date(2026, 4, 16), **asked),
            by=people["wang"],
            now=on("2026-03-31"),
        )
    with pytest.raises(Refused, match="到期后不能申请延期"):
        transition(
            bureau,
            one,
            Transition.ASK_EXTENSION,
            ExtensionRequest(wanted_on=date(2026, 4, 10), **asked),
            by=people["wang"],
            now=on("2026-04-01"),
        )
    pending = transition(
        bureau,
        one,
        Transition.ASK_EXTENSION,
        ExtensionRequest(wanted_on=date(2026, 4, 10), **asked),
        by=people["wang"],
        now=on("2026-03-31"),
    )
    with pytest.raises(Refused, match="已有一份延期申请"):
        transition(
            bureau,
            one,
            Transition.ASK_EXTENSION,
            ExtensionRequest(wanted_on=date(2026, 4, 10), **asked),
            by=people["wang"],
            now=on("2026-03-31"),
        )
    with pytest.raises(Refused, match="超过上级时限"):
        transition(
            bureau,
            one,
            Transition.DECIDE_EXTENSION,
            ExtensionDecision(granted_on=date(2026, 5, 1), reply="同意"),
            by=people["li"],
            now=on("2026-04-01"),
        )
    granted = transition(
        bureau,
        one,
        Transition.DECIDE_EXTENSION,
        ExtensionDecision(granted_on=date(2026, 4, 8), reply="同意，不再延"),
        by=people["li"],
        now=on("2026-04-01"),
    )

    assert pending.due_on == date(2026, 3, 31)
    assert (granted.due_on, granted.previous_due_on) == (date(2026, 4, 8), date(2026, 3, 31))
    assert granted.messages == 1


def test_what_failed_a_spot_check_is_owed_again_and_keeps_its_late_mark(bureau: Bureau, people) -> None:
    one = an_obligation(bureau, unit_id=people["unit"])
    submit(bureau, one, by=people["wang"], now=on("2026-04-02"))
    transition(bureau, one, Transition.PASS, by=people["chen"], now=on("2026-04-03"))
    transition(bureau, one, Transition.SIGN_OFF, by=people["zhou"], now=on("2026-04-03"))

    with pytest.raises(Refused, match="不能抽查"):
        transition(
            bureau,
            one,
            Transition.SPOT_CHECK,
            SpotCheck(passed=False, finding="缺照片"),
            by=people["chen"],
            now=on("2026-05-01"),
        )
    transition(
        bureau,
        one,
        Transition.SPOT_CHECK,
        SpotCheck(passed=False, finding="现场未见标志"),
        by=people["li"],
        now=on("2026-05-01"),
    )
    opened = transition(
        bureau,
        one,
        Transition.REOPEN,
        Reopening(reason="抽查不合格", resubmit_by_on=date(2026, 5, 20)),
        by=people["zhou"],
        now=on("2026-05-02"),
    )
    again = submit(bureau, one, note="已补设标志", by=people["wang"], now=on("2026-05-10"))

    assert (opened.state, opened.due_on, opened.late) == (State.REOPENED, date(2026, 5, 20), True)
    assert (again.state, again.late) == (State.SUBMITTED, True)
