"""Two people act on the same matter at the same moment: one act counts, the other is told, nothing is half-done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Role
from duban.core.errors import Refused
from duban.evidence.service import submit
from duban.evidence.tables import review
from duban.history.queries import list_entries, verify_chain
from duban.obligations.queries import load_obligation
from duban.obligations.states import State, Transition
from duban.obligations.transitions import ExtensionDecision, ExtensionRequest, SendBack, transition
from duban.outbox.tables import dispatch
from tests.builders import a_person, a_unit, an_edition, an_obligation

NOW = clock.at(date(2026, 3, 20))


def a_case(bureau: Bureau, **options: object):
    unit, home = a_unit(bureau), a_unit(bureau, "市民政局", kind="bureau")
    names = {
        "wang": a_person(bureau, "王科长", unit, Role.HANDLER),
        "sun": a_person(bureau, "孙科员", unit, Role.HANDLER),
        "chen": a_person(bureau, "陈审核", home, Role.REVIEWER),
        "wu": a_person(bureau, "吴主任", home, Role.REVIEWER),
        "zhou": a_person(bureau, "周统筹", home, Role.COORDINATOR),
        "li": a_person(bureau, "李局长", home, Role.LEADER),
    }
    return names, an_obligation(bureau, unit_id=unit, **options)  # type: ignore[arg-type]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all acts from one starting line, each in its own thread and connection; errors come back as values."""
    line = threading.Barrier(len(acts))
    came: list[object] = [None] * len(acts)

    def one(number: int, act: Callable[[], object]) -> None:
        line.wait()
        try:
            came[number] = act()
        except Exception as error:
            came[number] = error

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def refused(came: list[object]) -> list[Refused]:
    others = [one for one in came if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert others == []
    return [one for one in came if isinstance(one, Refused)]


def verbs(bureau: Bureau, one: int) -> list[str]:
    with bureau.store.reading() as connection:
        assert verify_chain(connection).broken_at is None
        return [entry.verb for entry in list_entries(connection, noun="obligation", noun_id=one)]


def count(bureau: Bureau, table: sa.Table) -> int:
    with bureau.store.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_two_reviewers_decide_the_same_submission_once(either_bureau: Bureau) -> None:
    people, one = a_case(either_bureau)
    submit(either_bureau, one, by=people["wang"], now=NOW)

    came = at_once(
        lambda: transition(either_bureau, one, Transition.PASS, by=people["chen"], now=NOW),
        lambda: transition(
            either_bureau, one, Transition.SEND_BACK, SendBack(reason="缺附表"), by=people["wu"], now=NOW
        ),
    )

    # Passing first leaves a matter that only a closer may send back; sending back first leaves nothing to pass.
    (told,) = refused(came)
    assert "请" in str(told)
    assert count(either_bureau, review) == 1
    assert len(verbs(either_bureau, one)) == 2
    assert count(either_bureau, dispatch) == (1 if verbs(either_bureau, one)[-1] == "send_back" else 0)


def test_two_who_saw_the_same_version_do_not_both_pass_a_level(either_bureau: Bureau) -> None:
    people, one = a_case(either_bureau, review_levels=2)
    seen = submit(either_bureau, one, by=people["wang"], now=NOW).version

    came = at_once(
        lambda: transition(either_bureau, one, Transition.PASS, by=people["chen"], now=NOW, version=seen),
        lambda: transition(either_bureau, one, Transition.PASS, by=people["wu"], now=NOW, version=seen),
    )

    (told,) = refused(came)
    assert "刚刚被别人改动" in str(told)
    assert count(either_bureau, review) == 1


@pytest.mark.parametrize("verb", ["submit", "sign_off", "decide", "acknowledge"])
def test_the_same_act_by_two_people_counts_once(either_bureau: Bureau, verb: str) -> None:
    people, one = a_case(either_bureau)
    if verb == "sign_off":
        submit(either_bureau, one, by=people["wang"], now=NOW)
        transition(either_bureau, one, Transition.PASS, by=people["chen"], now=NOW)
    if verb == "decide":
        wish = {"wanted_on": date(2026, 4, 10), "reason": "会商", "progress": "七成"}
        transition(
            either_bureau, one, Transition.ASK_EXTENSION, ExtensionRequest(**wish), by=people["wang"], now=NOW
        )
    granted = {"granted_on": date(2026, 4, 9), "reply": "同意"}
    acts = {
        "submit": [
            lambda who=who: submit(either_bureau, one, by=people[who], now=NOW) for who in ("wang", "sun")
        ],
        "sign_off": [
            lambda who=who: transition(either_bureau, one, Transition.SIGN_OFF, by=people[who], now=NOW)
            for who in ("zhou", "li")
        ],
        "decide": [
            lambda who=who: transition(
                either_bureau,
                one,
                Transition.DECIDE_EXTENSION,
                ExtensionDecision(**granted),
                by=people[who],
                now=NOW,
            )
            for who in ("zhou", "li")
        ],
        "acknowledge": [
            lambda who=who: transition(either_bureau, one, Transition.ACKNOWLEDGE, by=people[who], now=NOW)
            for who in ("wang", "sun")
        ],
    }
    before = len(verbs(either_bureau, one))

    came = at_once(*acts[verb])

    assert len(refused(came)) == 1
    assert len(verbs(either_bureau, one)) == before + 1
    with either_bureau.store.reading() as connection:
        after = load_obligation(connection, one)
    assert after.version == before + 2
    assert (after.extended_times, after.state is State.CLOSED) == (verb == "decide", verb == "sign_off")


def test_many_who_act_on_different_matters_share_one_unbroken_history(either_bureau: Bureau) -> None:
    people, first = a_case(either_bureau)
    edition = an_edition(either_bureau, "other")
    rest = [
        an_obligation(either_bureau, unit_id=people["wang"].unit_id, edition_id=edition) for _ in range(7)
    ]

    came = at_once(
        *(lambda one=one: submit(either_bureau, one, by=people["wang"], now=NOW) for one in (first, *rest))
    )

    assert refused(came) == []
    with either_bureau.store.reading() as connection:
        checked = verify_chain(connection)
    assert (checked.entries, checked.broken_at) == (8, None)
