"""An entry's hash covers every field and the hash before it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.history.hash_chain import GENESIS, SEALED, canonical, seal
from duban.obligations.states import State

ENTRY = {
    "id": 1,
    "at": datetime(2026, 3, 2, 0, 30, tzinfo=UTC),
    "actor": "王科长",
    "verb": "submit",
    "noun": "obligation",
    "detail": "{}",
    "actor_id": 3,
    "noun_id": 12,
    "edition_id": 4,
    "unit_id": 7,
    "flow_run_id": "a",
}


@pytest.mark.parametrize("name", SEALED)
def test_changing_any_field_changes_the_hash(name: str) -> None:
    old = ENTRY[name]
    new = old + timedelta(microseconds=1) if isinstance(old, datetime) else old * 2

    assert seal(ENTRY | {name: new}, GENESIS) != seal(ENTRY, GENESIS)


def test_the_hash_depends_on_the_one_before_and_not_on_the_zone() -> None:
    shanghai = ENTRY | {"at": ENTRY["at"].astimezone(timezone(timedelta(hours=8)))}

    assert seal(ENTRY, "1" * 64) != seal(ENTRY, GENESIS)
    assert seal(shanghai, GENESIS) == seal(ENTRY, GENESIS)


def test_a_known_entry_keeps_its_known_hash() -> None:
    # Pinned: whoever changes how entries are written breaks every chain that exists.
    assert seal(ENTRY, GENESIS) == "db59fd587c64b94bd6ed96934971a20fccb6b6cef8422159d2151155fc18c705"


def test_dates_figures_and_states_have_one_text_each() -> None:
    detail = {"b": Decimal("93.50"), "a": date(2026, 3, 2), "c": State.CLOSED, "d": frozenset({2, 1})}

    assert canonical(detail) == '{"a":"2026-03-02","b":"93.5","c":"closed","d":[1,2]}'
    with pytest.raises(TypeError):
        canonical({"a": object()})
    with pytest.raises(ValueError):
        canonical({"a": float("nan")})


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8), max_size=6))
def test_the_text_does_not_depend_on_the_order_and_reads_back(detail: dict[str, object]) -> None:
    turned = dict(reversed(detail.items()))

    assert canonical(turned) == canonical(detail)
    assert json.loads(canonical(detail)) == detail
