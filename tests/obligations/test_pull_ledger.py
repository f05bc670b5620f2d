"""Another system pulls the ledger by its numbers, and later only what has changed, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from duban.accounts.rules import TokenScope
from duban.accounts.tokens import (
    KeyTaken,
    begin_answer,
    find_client,
    finish_answer,
    forget_answer,
    make_client_token,
)
from duban.bureau import Bureau
from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.history.service import pull_history
from duban.obligations.pull_queries import LedgerFilter, pull_edition, pull_editions, pull_ledger, pull_points
from duban.obligations.queries import BulkSelection
from duban.obligations.states import State, Transition
from duban.obligations.transitions import Grounds, transition, transition_many
from duban.reports.indicators import list_measured
from tests.builders import a_person, a_point, a_unit, an_edition, an_obligation

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


class Desk:
    """Two editions with two obligations each, of two districts."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        home = a_unit(bureau, "市民政局", kind="bureau")
        self.units = [a_unit(bureau, name) for name in ("天宁区民政局", "钟楼区民政局")]
        self.zhou = a_person(bureau, "周处长", home, Role.COORDINATOR)
        self.wang = a_person(bureau, "王科长", self.units[0], Role.HANDLER)
        self.security = a_person(bureau, "安全员", home, Role.SECURITY)
        self.editions = [
            an_edition(bureau, key, name=key, coordinator_unit_id=home) for key in ("signs", "beds")
        ]
        self.ids: list[int] = []
        for edition in self.editions:
            point = a_point(bureau, edition, due_on=date(2026, 3, 31))
            self.ids += [
                an_obligation(bureau, unit_id=unit, edition_id=edition, point=point) for unit in self.units
            ]

    def pull(self, by=None, after: int = 0, limit: int = 10, **wanted):
        return pull_ledger(
            self.bureau, LedgerFilter(**wanted), after=after, limit=limit, by=by or self.zhou, today=TODAY
        )

    def found(self, **asked) -> list[int]:
        return [one.id for one in self.pull(**asked).obligations]


@pytest.fixture
def desk(either_bureau: Bureau) -> Desk:
    return Desk(either_bureau)


def test_pages_follow_each_other_by_number(desk: Desk) -> None:
    first = desk.pull(limit=3)
    rest = desk.pull(after=first.next_after or 0, limit=3)

    assert [one.id for one in (*first.obligations, *rest.obligations)] == desk.ids
    assert rest.next_after is None


def test_an_act_on_one_is_a_change_of_that_one(desk: Desk) -> None:
    before = desk.pull().history_id
    transition(desk.bureau, desk.ids[0], Transition.ACKNOWLEDGE, by=desk.wang, now=NOW)

    assert desk.found(changed_since=before) == [desk.ids[0]]
    assert desk.found(states=frozenset({State.ACKNOWLEDGED})) == [desk.ids[0]]
    assert desk.found(changed_since=desk.pull().history_id) == []


@pytest.mark.parametrize("whole", ["edition", "unit"])
def test_an_act_on_a_whole_edition_or_unit_is_a_change_of_all_of_it(desk: Desk, whole: str) -> None:
    before = desk.pull().history_id
    scope = (
        BulkSelection(edition_id=desk.editions[0])
        if whole == "edition"
        else BulkSelection(unit_id=desk.units[1])
    )
    transition_many(
        desk.bureau,
        scope,
        Transition.WAIVE,
        Grounds(reason="机构改革", authority="市政府会议纪要"),
        by=desk.zhou,
        now=NOW,
    )

    changed = desk.found(changed_since=before)

    assert changed == (desk.ids[:2] if whole == "edition" else desk.ids[1::2])


def test_a_handler_pulls_his_own_units_only(desk: Desk) -> None:
    zhao = a_person(desk.bureau, "赵某", a_unit(desk.bureau, "新北区民政局"), Role.HANDLER)

    assert desk.found(by=desk.wang) == desk.ids[::2]
    assert desk.found(by=zhao) == []
    assert pull_editions(desk.bureau, by=zhao) == ()
    with pytest.raises(NotFound):
        pull_edition(desk.bureau, desk.editions[0], by=zhao)
    assert len(pull_points(desk.bureau, desk.editions[0], by=desk.wang)) == 1
    assert list_measured(desk.bureau, by=desk.wang) == ()


def test_the_history_is_for_auditors_and_coordinators(desk: Desk) -> None:
    transition(desk.bureau, desk.ids[0], Transition.ACKNOWLEDGE, by=desk.wang, now=NOW)

    assert [one.verb for one in pull_history(desk.bureau, after=0, limit=9, by=desk.zhou)] == ["acknowledge"]
    with pytest.raises(Refused, match="没有查阅留痕的权限"):
        pull_history(desk.bureau, after=0, limit=9, by=desk.wang)


def test_a_key_is_answered_once_and_a_cut_off_request_is_not_guessed(desk: Desk) -> None:
    assert desk.zhou.person_id is not None
    made = make_client_token(
        desk.bureau,
        name="省厅平台",
        person_id=desk.zhou.person_id,
        scopes=[TokenScope.WRITE],
        days=30,
        by=desk.security,
        now=NOW,
    )
    client = find_client(desk.bureau, made.token, now=NOW)
    assert client is not None

    assert begin_answer(desk.bureau, client, "k", "f" * 64, now=NOW) is None
    with pytest.raises(KeyTaken, match="不知是否办成"):
        begin_answer(desk.bureau, client, "k", "f" * 64, now=NOW)
    finish_answer(desk.bureau, client, "k", status=201, body="{}")
    kept = begin_answer(desk.bureau, client, "k", "f" * 64, now=NOW)
    with pytest.raises(KeyTaken, match="已用于另一个请求"):
        begin_answer(desk.bureau, client, "k", "e" * 64, now=NOW)
    forget_answer(desk.bureau, client, "k")

    assert kept is not None
    assert (kept.status, kept.body) == (201, "{}")
    assert begin_answer(desk.bureau, client, "k", "e" * 64, now=NOW) is None
