"""Editions written in the portal: drafts with their faults, what they will do, and two people at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from calendars.ladders import RungKind
from calendars.reader.units import load_units
from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import SYSTEM, Role
from duban.core.errors import Changed, NotFound, Refused
from duban.editions.drafts import (
    DraftMade,
    DraftShown,
    NewDate,
    apply_draft,
    change_date,
    derive_draft,
    drop_draft,
    forecast_date,
    forecast_draft,
    list_drafts,
    make_draft,
    rebase_draft,
    save_draft,
    show_draft,
)
from duban.editions.files import apply_file, apply_year
from duban.editions.forecast import forecast_move
from duban.editions.pages import show_edition
from duban.editions.rules import MessageCount
from duban.editions.service import move_edition, publish_edition
from duban.obligations.tables import obligation
from duban.outbox.tables import dispatch
from duban.rounds.service import hold_round
from duban.rounds.tables import reminder, round_
from duban.units.importing import import_unit_book
from tests.builders import a_person
from tests.editions.planning_builders import (
    MADE_ON,
    SURVEY,
    TODAY,
    StaffedOffice,
    a_staffed_office,
    with_survey,
)

NOW = clock.at(TODAY)
NAMED = ("sign_survey", 2026)


@pytest.fixture
def surveyed(bureau: Bureau) -> StaffedOffice:
    return with_survey(a_staffed_office(bureau))


@pytest.fixture
def staffed(bureau: Bureau) -> StaffedOffice:
    return a_staffed_office(bureau)


def drafted(surveyed: StaffedOffice, *swaps: tuple[str, str]) -> DraftMade:
    """A draft of the edition in force with some texts replaced."""
    made = derive_draft(surveyed.bureau, *NAMED, to_year=2026, by=surveyed.zhou, now=NOW)
    text = shown(surveyed, made).draft.text
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new)
    return save_draft(surveyed.bureau, made.draft_id, text, version=1, by=surveyed.zhou, now=NOW)


def shown(surveyed: StaffedOffice, made: DraftMade) -> DraftShown:
    return show_draft(surveyed.bureau, made.draft_id, by=surveyed.zhou)


def due_dates(surveyed: StaffedOffice) -> set[date]:
    with surveyed.bureau.store.reading() as connection:
        return set(connection.execute(sa.select(obligation.c.due_on)).scalars())


def a_date(**more: str) -> NewDate:
    return NewDate(campaign=NAMED[0], year=2026, key="plan", **({"due": "4月10日前"} | more))


def test_a_text_becomes_an_edition_that_the_portal_keeps(surveyed: StaffedOffice) -> None:
    page = show_edition(surveyed.bureau, *NAMED, by=surveyed.wu)

    assert (page.state, page.own, page.published_on) == ("published", True, MADE_ON)
    assert [(one.value.key, one.owed, one.done) for one in page.milestones] == [
        ("plan", 2, 0),
        ("report", 1, 0),
    ]


def test_every_fault_of_a_draft_is_told_with_its_line_and_nothing_is_lost(staffed: StaffedOffice) -> None:
    text = SURVEY.replace("3月底前", "三月左右").replace("天宁区民政局", "梧桐区民政局")

    made = make_draft(staffed.bureau, text, by=staffed.zhou, now=NOW)
    page = shown(staffed, made)

    assert page.edition is None
    assert page.draft.text == text
    lines = {text.splitlines()[fault.line - 1].strip() for fault in page.faults}
    assert lines == {"due: 三月左右", "leads: [梧桐区民政局, 钟楼区民政局]", "lead: 梧桐区民政局"}
    with pytest.raises(Refused, match="梧桐区民政局"):
        apply_draft(staffed.bureau, made.draft_id, version=1, by=staffed.zhou, now=NOW)


def test_a_text_that_does_not_say_what_it_is_for_is_refused(staffed: StaffedOffice) -> None:
    with pytest.raises(Refused, match="请检查开头的 campaign"):
        make_draft(staffed.bureau, "name: 某事\n", by=staffed.zhou, now=NOW)


def test_only_those_who_keep_the_calendars_write_and_see_drafts(surveyed: StaffedOffice) -> None:
    made = drafted(surveyed)

    with pytest.raises(Refused, match="王科长没有编制专项行动的权限"):
        make_draft(surveyed.bureau, SURVEY, by=surveyed.wang, now=NOW)
    with pytest.raises(Refused, match="王科长没有编制专项行动的权限"):
        show_draft(surveyed.bureau, made.draft_id, by=surveyed.wang)


def test_what_a_draft_changes_is_said_in_words_against_the_edition_in_force(surveyed: StaffedOffice) -> None:
    page = shown(
        surveyed, drafted(surveyed, ("3月底前", "4月10日前"), ("leads: [天宁区民政局, ", "leads: ["))
    )

    assert page.against == "地名标志普查2026年"
    assert any("时限由“3月底前”改为“4月10日前”，2026-03-31→2026-04-10" in text for text in page.changes)
    assert any("责任单位去掉天宁区民政局" in text for text in page.changes)


def test_a_preview_tells_what_moves_and_changes_nothing(surveyed: StaffedOffice) -> None:
    made = drafted(surveyed, ("3月底前", "4月10日前"))

    found = forecast_draft(surveyed.bureau, made.draft_id, version=2, by=surveyed.zhou, now=NOW)

    assert (found.done.obligations_moved, found.done.obligations_new) == (2, 0)
    moved = {one.kind: (one.before, one.after) for one in found.shifts if one.kind is RungKind.DUE}
    assert moved == {RungKind.DUE: (((date(2026, 3, 31), 2),), ((date(2026, 4, 10), 2),))}
    assert due_dates(surveyed) == {date(2026, 3, 31), date(2026, 10, 31)}
    assert shown(surveyed, made).draft.open


def test_the_units_that_were_reminded_are_named_before_and_told_after(surveyed: StaffedOffice) -> None:
    hold_round(surveyed.bureau, now=clock.at(MADE_ON))
    made = drafted(surveyed, ("3月底前", "4月10日前"))

    before = forecast_draft(surveyed.bureau, made.draft_id, version=2, by=surveyed.zhou, now=NOW)
    done = apply_draft(
        surveyed.bureau, made.draft_id, version=2, reason="市局统一安排", by=surveyed.zhou, now=NOW
    )

    assert before.done.told == done.told == ("天宁区民政局", "钟楼区民政局")
    assert due_dates(surveyed) == {date(2026, 4, 10), date(2026, 10, 31)}
    with surveyed.bureau.store.reading() as connection:
        kind = dispatch.c.kind == "calendar_change"
        payloads = connection.execute(sa.select(dispatch.c.payload).where(kind)).scalars().all()
    assert [one["cause"] for one in payloads] == ["地名标志普查2026年的安排有调整（市局统一安排）"] * 2


def test_what_is_foreseen_is_what_the_rounds_then_plan(surveyed: StaffedOffice) -> None:
    hold_round(surveyed.bureau, now=NOW)
    made = drafted(surveyed, ("3月底前", "3月13日前"))
    found = forecast_draft(surveyed.bureau, made.draft_id, version=2, by=surveyed.zhou, now=NOW)

    apply_draft(surveyed.bureau, made.draft_id, version=2, by=surveyed.zhou, now=NOW)
    for day in (10, 11, 12, 13, 16):
        hold_round(surveyed.bureau, now=clock.at(date(2026, 3, day)))

    with surveyed.bureau.store.reading() as connection:
        table, held = reminder, round_
        rows = connection.execute(
            sa.select(held.c.held_on, table.c.kind, table.c.target_unit_id)
            .join_from(table, held, held.c.id == table.c.round_id)
            .where(table.c.status == "planned", held.c.held_on > TODAY)
        )
        planned = sorted((row.held_on, row.kind, row.target_unit_id) for row in rows)
    expected = sorted(
        (one.on, one.rung.kind.value, one.target_id) for one in found.after if one.on <= date(2026, 3, 16)
    )
    assert planned == expected
    assert planned[0][0] == date(2026, 3, 10)


def test_of_two_who_save_at_once_the_second_is_told_and_the_first_stands(surveyed: StaffedOffice) -> None:
    made = drafted(surveyed)
    text = shown(surveyed, made).draft.text

    save_draft(surveyed.bureau, made.draft_id, text + "# 周\n", version=2, by=surveyed.zhou, now=NOW)

    with pytest.raises(Changed, match="周处长在您打开之后改过这份草稿"):
        save_draft(surveyed.bureau, made.draft_id, text + "# 吴\n", version=2, by=surveyed.wu, now=NOW)
    with pytest.raises(Changed):
        apply_draft(surveyed.bureau, made.draft_id, version=2, by=surveyed.wu, now=NOW)
    assert shown(surveyed, made).draft.text.endswith("# 周\n")


def test_a_draft_against_an_edition_that_changed_waits_until_it_was_compared_again(
    surveyed: StaffedOffice,
) -> None:
    stale = drafted(surveyed, ("普查报告", "普查总报告"))
    change_date(surveyed.bureau, a_date(reason="市局统一安排"), by=surveyed.wu, now=NOW)

    assert shown(surveyed, stale).stale
    with pytest.raises(Changed, match="会把那次改动盖掉"):
        apply_draft(surveyed.bureau, stale.draft_id, version=2, by=surveyed.zhou, now=NOW)

    page = shown(surveyed, stale)
    rebased = rebase_draft(
        surveyed.bureau, stale.draft_id, version=2, seen=page.seen, by=surveyed.zhou, now=NOW
    )
    done = apply_draft(surveyed.bureau, stale.draft_id, version=rebased.version, by=surveyed.zhou, now=NOW)
    assert done.outcome == "changed"


def test_a_draft_that_is_over_changes_no_more(surveyed: StaffedOffice) -> None:
    made = drafted(surveyed)
    drop_draft(surveyed.bureau, made.draft_id, version=2, by=surveyed.zhou, now=NOW)

    assert list_drafts(surveyed.bureau, by=surveyed.zhou) == ()
    with pytest.raises(Refused, match="这份草稿已作废"):
        save_draft(surveyed.bureau, made.draft_id, SURVEY, version=3, by=surveyed.zhou, now=NOW)
    with pytest.raises(NotFound, match="没有编号为999的草稿"):
        show_draft(surveyed.bureau, 999, by=surveyed.zhou)


def test_last_years_edition_becomes_this_years_draft_with_its_comments(surveyed: StaffedOffice) -> None:
    made = derive_draft(surveyed.bureau, *NAMED, to_year=2027, by=surveyed.zhou, now=NOW)
    page = shown(surveyed, made)

    assert "# 原文只说三月底前。" in page.draft.text
    assert page.edition is not None
    assert page.edition.rolled_from == 2026
    assert page.edition.milestones[0].points[0].provisional
    assert page.against == "地名标志普查2026年"


def test_one_date_is_changed_without_a_file_and_the_comments_stay(surveyed: StaffedOffice) -> None:
    with pytest.raises(Refused, match="要写明原因"):
        change_date(surveyed.bureau, a_date(), by=surveyed.zhou, now=NOW)

    done = change_date(surveyed.bureau, a_date(reason="市局统一安排"), by=surveyed.zhou, now=NOW)

    assert (done.obligations_moved, done.outcome) == (2, "changed")
    text = shown(surveyed, drafted(surveyed)).draft.text
    assert "# 原文只说三月底前。" in text
    assert "due: 4月10日前" in text


def test_a_date_that_is_not_understood_or_not_new_or_no_longer_current_is_refused(
    surveyed: StaffedOffice,
) -> None:
    seen = show_edition(surveyed.bureau, *NAMED, by=surveyed.zhou).seen

    with pytest.raises(Refused, match="时限“三月左右”没有读懂"):
        forecast_date(surveyed.bureau, a_date(due="三月左右"), by=surveyed.zhou, now=NOW)
    with pytest.raises(Refused, match="没有改动"):
        forecast_date(surveyed.bureau, a_date(due="3月底前"), by=surveyed.zhou, now=NOW)
    change_date(surveyed.bureau, a_date(reason="市局统一安排"), by=surveyed.wu, now=NOW)
    with pytest.raises(Changed, match="已被别人改动"):
        change_date(
            surveyed.bureau, a_date(due="4月底前", seen=seen, reason="另有安排"), by=surveyed.zhou, now=NOW
        )
    assert due_dates(surveyed) == {date(2026, 4, 10), date(2026, 10, 31)}


def test_pausing_shows_the_reminders_that_stop_and_resuming_that_they_go_on(surveyed: StaffedOffice) -> None:
    found = forecast_move(surveyed.bureau, "pause", *NAMED, by=surveyed.zhou, now=NOW)

    assert (found.done.state, found.messages.after) == ("paused", 0)
    assert found.messages.before > 0
    assert show_edition(surveyed.bureau, *NAMED, by=surveyed.zhou).state == "published"

    move_edition(surveyed.bureau, "pause", *NAMED, reason="上级另有安排", by=surveyed.zhou, now=NOW)
    again = forecast_move(surveyed.bureau, "resume", *NAMED, by=surveyed.zhou, now=NOW)
    assert again.messages == MessageCount(before=0, after=found.messages.before)


def test_a_draft_may_be_applied_without_publishing_and_published_later(staffed: StaffedOffice) -> None:
    made = make_draft(staffed.bureau, SURVEY, by=staffed.zhou, now=NOW)

    assert (
        apply_draft(staffed.bureau, made.draft_id, version=1, publish=False, by=staffed.zhou, now=NOW).state
        == "draft"
    )
    assert publish_edition(staffed.bureau, *NAMED, by=staffed.zhou, now=NOW).obligations_new == 3
    with pytest.raises(Refused, match="只有草稿需要发布"):
        publish_edition(staffed.bureau, *NAMED, by=staffed.zhou, now=NOW)


def test_loading_the_year_leaves_the_portals_editions_alone_until_the_file_is_named(
    bureau: Bureau, tmp_path: Path
) -> None:
    import_unit_book(bureau, load_units(), by=SYSTEM, now=NOW)
    zhou = a_person(bureau, "周处长", 1, Role.COORDINATOR)
    surveyed = with_survey(StaffedOffice(bureau, zhou, zhou, zhou))
    file = tmp_path / "2026" / "sign_survey.yaml"
    file.parent.mkdir()
    file.write_text(SURVEY.replace("3月底前", "3月20日前"), encoding="utf-8")

    done = apply_year(bureau, 2026, tmp_path, by=zhou, now=NOW)
    assert (done.left, done.unlisted) == (("地名标志普查（sign_survey）",), ())
    assert date(2026, 3, 31) in due_dates(surveyed)

    taken = apply_file(bureau, file, by=zhou, now=NOW)
    assert taken.obligations_moved == 2
    assert not show_edition(bureau, *NAMED, by=zhou).own
    assert apply_year(bureau, 2026, tmp_path, by=zhou, now=NOW).left == ()


def test_marks_that_turn_text_around_and_control_characters_are_not_kept(staffed: StaffedOffice) -> None:
    text = SURVEY.replace("普查方案", "普查\u202e方案\x00").replace("\n", "\r\n")

    made = make_draft(staffed.bureau, text, by=staffed.zhou, now=NOW)

    assert shown(staffed, made).draft.text == SURVEY
