"""A province's platform at the data interface: what it pulls, what it pushes, and what it is refused."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from duban.accounts.rules import TokenScope
from duban.editions.tables import milestone
from duban.evidence.service import FileItem, submit
from duban.evidence.tables import evidence_item
from duban.figures.tables import progress
from duban.history.hash_chain import GENESIS, seal
from duban.history.service import show_history
from duban.obligations.states import Transition
from duban.obligations.transitions import transition
from duban.rosters.sheets import import_roster
from duban.wiring import actor
from tests.builders import a_point, an_obligation
from tests.portal.api_client import BASE, api
from tests.portal.bureau import TIANNING, ZHONGLOU, Portal
from tests.portal.ledger_builders import a_code, a_csv, owed, subjects, with_check
from tests.portal.test_api_schema import OPERATIONS

BOTH = (TokenScope.READ, TokenScope.WRITE)


def with_roster(portal: Portal, tmp_path, count: int = 6) -> int:
    edition = with_check(portal)
    path = tmp_path / "名册.csv"
    path.write_bytes(a_csv(subjects(count)))
    zhou = actor(portal.bureau, "周处长")
    import_roster(portal.bureau, "social_org_annual_check", 2026, path, by=zhou, now=portal.moment)
    return edition


def with_evidence(portal: Portal, tmp_path) -> str:
    """天宁区 hands in its plan; returns the file's hash."""
    path = tmp_path / "巡检计划.pdf"
    path.write_bytes(b"%PDF-1.4 plan")
    wang = actor(portal.bureau, "王科长")
    number = portal.signs[TIANNING]
    transition(portal.bureau, number, Transition.ACKNOWLEDGE, by=wang, now=portal.moment)
    submit(portal.bureau, number, items=[FileItem(key="plan", path=path)], by=wang, now=portal.moment)
    with portal.bureau.store.reading() as connection:
        return str(connection.execute(sa.select(evidence_item.c.sha256)).scalar_one())


def with_quota(portal: Portal) -> int:
    """An obligation of 天宁区 with a target of 200 beds."""
    point = a_point(portal.bureau, portal.edition_id, due_on=date(2026, 6, 30), title="家庭养老床位")
    quota = {
        "indicator": "家庭养老床位",
        "unit_of_measure": "张",
        "op": ">=",
        "city_total": "200",
        "targets": [],
    }
    number = an_obligation(
        portal.bureau,
        due_on=date(2026, 6, 30),
        unit_id=portal.units[TIANNING],
        edition_id=portal.edition_id,
        point=point,
        target=Decimal(200),
        state="in_progress",
    )
    with portal.bureau.store.writing() as connection:
        connection.execute(
            sa.update(milestone).where(milestone.c.id == point[0]).values(body={"quota": quota})
        )
    return number


@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_gets_anything_without_a_token_in_force(portal: Portal, name: str) -> None:
    method, path = name.split()
    path = BASE + path.format(edition_id=1, obligation_id=1, duty_id=1, sha256="0" * 64)
    known = api(portal)
    portal.on("2026-06-01")
    client = known.http

    for headers in ({}, {"Authorization": "Bearer no-such"}, {"Authorization": f"Bearer {known.token}"}):
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), headers
        assert "请向安全管理员领取" in answer.json()["detail"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_token_does_only_what_it_was_given_for(portal: Portal, name: str) -> None:
    method, path = name.split()
    client = api(portal, "周处长", TokenScope.WRITE if method == "GET" else TokenScope.READ)
    path = path.format(edition_id=1, obligation_id=1, duty_id=1, sha256="0" * 64)

    answer = client.get(path, expect=403) if method == "GET" else client.post(path, {}, expect=403)

    assert "没有“" in answer.json()["detail"]


def test_the_ledger_is_pulled_page_by_page_in_the_order_of_its_numbers(portal: Portal) -> None:
    client = api(portal)

    first = client.get("/obligations?limit=1").json()
    rest = client.get(f"/obligations?cursor={first['next_cursor']}").json()

    assert [one["unit"] for one in first["obligations"] + rest["obligations"]] == [TIANNING, ZHONGLOU]
    assert rest["next_cursor"] is None
    assert first["obligations"][0]["light"] == "green"
    assert first["as_of_on"] == "2026-03-16"


def test_only_what_has_changed_since_is_pulled(portal: Portal, tmp_path) -> None:
    client = api(portal)
    before = client.get("/obligations").json()["history_id"]
    transition(
        portal.bureau,
        portal.signs[TIANNING],
        Transition.ACKNOWLEDGE,
        by=actor(portal.bureau, "王科长"),
        now=portal.moment,
    )

    changed = client.get(f"/obligations?changed_since={before}").json()
    later = client.get(f"/obligations?changed_since={changed['history_id']}").json()

    assert [one["unit"] for one in changed["obligations"]] == [TIANNING]
    assert later["obligations"] == []


def test_what_acts_on_a_whole_edition_counts_as_a_change_of_all_of_it(portal: Portal, tmp_path) -> None:
    client = api(portal)
    before = client.get("/obligations").json()["history_id"]
    edition = with_roster(portal, tmp_path)

    changed = client.get(f"/obligations?changed_since={before}&limit=500").json()["obligations"]

    assert {one["edition_id"] for one in changed} == {edition}
    assert len(changed) == 8


def test_an_unchanged_answer_is_not_sent_again(portal: Portal) -> None:
    client = api(portal)
    etag = client.get("/obligations").headers["etag"]
    portal.pass_minutes(5)

    again = client.get("/obligations", expect=304, headers={"If-None-Match": etag})

    assert (again.content, again.headers["etag"]) == (b"", etag)


def test_evidence_is_described_and_its_bytes_leave_with_a_line_of_history(portal: Portal, tmp_path) -> None:
    sha256 = with_evidence(portal, tmp_path)
    client = api(portal, "苏审计")
    number = portal.signs[TIANNING]

    case = client.get(f"/obligations/{number}").json()
    [item] = case["submissions"][0]["items"]
    answer = client.get(f"/obligations/{number}/evidence/{sha256}")

    assert (item["sha256"], item["size_bytes"], item["type"]) == (sha256, 13, "document")
    assert answer.content == b"%PDF-1.4 plan"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    last = show_history(portal.bureau)[-1]
    assert (last.verb, last.actor) == ("open_evidence", "苏审计")


def test_a_unit_of_its_own_is_all_that_a_handlers_token_finds(portal: Portal, tmp_path) -> None:
    sha256 = with_evidence(portal, tmp_path)
    edition = with_roster(portal, tmp_path)
    client = api(portal, "张科长", *BOTH)
    foreign = portal.signs[TIANNING]

    found = client.get("/obligations").json()["obligations"]

    assert {one["unit"] for one in found} == {ZHONGLOU}
    client.get(f"/obligations/{foreign}", expect=404)
    client.get(f"/obligations/{foreign}/evidence/{sha256}", expect=404)
    client.post(f"/obligations/{foreign}/progress", {"value": "1", "unit_of_measure": "张"}, expect=404)
    assert client.get("/history", expect=422).json()["title"] == "没有办理"
    assert [line["unit"] for line in client.get(f"/editions/{edition}/roster").json()["units"]] == [ZHONGLOU]
    assert client.get("/board").json()["lights"]["green"] == len(found)


def test_the_board_carries_its_day_and_exact_fractions(portal: Portal) -> None:
    portal.on("2026-04-01")
    found = api(portal).get("/board?year=2026").json()

    assert found["as_of_on"] == "2026-04-01"
    assert found["lights"]["red"] == 2
    rate = next(one for one in found["rates"] if one["key"] == "done")
    assert (rate["part"], rate["whole"], rate["shown"]) == (0, 2, "0.0 %")


def test_milestones_carry_their_source_and_their_dates(portal: Portal) -> None:
    edition = with_check(portal)

    found = api(portal).get(f"/editions/{edition}/milestones").json()

    first = found["milestones"][0]
    assert (first["title"], first["due_phrase"], first["per_subject"]) == (
        "报登记管理机关",
        "5月31日前",
        True,
    )
    [point] = first["points"]
    assert (point["due_on"], point["last_workday"], point["provisional"]) == (
        "2026-05-31",
        "2026-05-29",
        False,
    )


def test_the_roster_is_pulled_with_those_missing(portal: Portal, tmp_path) -> None:
    edition = with_roster(portal, tmp_path)
    client = api(portal, "周处长", *BOTH)
    client.post(f"/editions/{edition}/roster/outcomes", {"codes": [a_code(1)], "taken_part_on": "2026-03-10"})

    counts = client.get(f"/editions/{edition}/roster").json()["total"]
    missing = client.get(f"/editions/{edition}/roster/subjects?taken_part=false").json()

    assert (counts["due"], counts["taken_part"], counts["participation"]) == (6, 1, "16.7 %")
    assert {one["code"] for one in missing["subjects"]} == {a_code(n) for n in (0, 2, 3, 4, 5)}


def test_the_chain_can_be_checked_elsewhere(portal: Portal, tmp_path) -> None:
    with_roster(portal, tmp_path)
    client = api(portal, "苏审计")

    previous, position = GENESIS, 0
    while entries := client.get(f"/history?since={position}&limit=2").json()["entries"]:
        for one in entries:
            sealed = {**one, "at": datetime.fromisoformat(one["at"])}
            previous_hash, entry_hash = sealed.pop("previous_hash"), sealed.pop("entry_hash")
            assert previous_hash == previous
            assert seal(sealed, previous) == entry_hash
            previous, position = entry_hash, one["id"]

    assert position >= 3


def test_progress_that_is_sent_twice_with_one_key_is_reported_once(portal: Portal) -> None:
    number = with_quota(portal)
    client = api(portal, "王科长", *BOTH)
    sent = {"value": "80.5", "unit_of_measure": "张"}
    key = {"Idempotency-Key": "2026-03-16/beds"}

    first = client.post(f"/obligations/{number}/progress", sent, headers=key)
    again = client.post(f"/obligations/{number}/progress", sent, headers=key)
    other = client.post(f"/obligations/{number}/progress", {**sent, "value": "90"}, headers=key, expect=409)

    assert (first.json()["value"], first.json()["rate"]) == ("80.5", "40.3 %")
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "请换一个键" in other.json()["detail"]
    with portal.bureau.store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(progress)).scalar_one() == 1


def test_a_refused_push_may_be_made_again_with_its_key(portal: Portal) -> None:
    number = with_quota(portal)
    client = api(portal, "王科长", *BOTH)
    path, key = f"/obligations/{number}/progress", {"Idempotency-Key": "k1"}

    refused = client.post(path, {"value": "80", "unit_of_measure": "套"}, headers=key, expect=422)
    done = client.post(path, {"value": "80", "unit_of_measure": "张"}, headers=key)

    assert refused.json()["reasons"] == ["家庭养老床位的计量单位是“套”，应为“张”，请换算后再填报"]
    assert done.json()["value"] == "80"


def test_figures_are_pushed_and_a_fall_needs_its_reason(portal: Portal, tmp_path) -> None:
    edition = with_roster(portal, tmp_path)
    client = api(portal, "周处长", *BOTH)
    path = f"/editions/{edition}/figures"

    reason = "名册还没有补全"
    client.post(path, {"name": "应参检", "value": "600", "unit_of_measure": "家", "reason": reason})
    fallen = client.post(path, {"name": "应参检", "value": 590, "unit_of_measure": "家"}, expect=422)
    unknown = client.post(path, {"name": "应参检", "value": None, "unit_of_measure": "家"})

    assert "比上次的600少" in fallen.json()["detail"]
    assert unknown.json()["previous"] == "600"


def test_outcomes_are_pushed_for_all_of_the_codes_or_for_none(portal: Portal, tmp_path) -> None:
    edition = with_roster(portal, tmp_path)
    client = api(portal, "周处长", *BOTH)
    path = f"/editions/{edition}/roster/outcomes"

    wrong = client.post(path, {"codes": [a_code(0), a_code(99)], "outcome": "合格"}, expect=422)
    done = client.post(path, {"codes": [a_code(0), a_code(1)], "outcome": "合格"})

    assert "您看到的是2个对象，现在符合的是1个" in wrong.json()["detail"]
    assert done.json() == {"recorded": 2, "unchanged": 0, "submitted": 0, "closed": 2, "left": 0}
    assert owed(portal) == {"assigned": 4, "closed": 2}


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/obligations?limit=0", 422, "“limit”不符合要求"),
        ("/obligations?changed=1", 422, "“changed”不认识，请去掉"),
        ("/obligations/999", 404, "999"),
        ("/editions/999/milestones", 404, "没有编号为 999 的专项行动"),
        ("/editions/1/roster", 404, "不按名册办理"),
        ("/nothing", 404, "没有这个地址"),
    ],
)
def test_a_slip_gets_a_sentence(portal: Portal, path: str, status: int, sentence: str) -> None:
    assert sentence in api(portal).get(path, expect=status).json()["detail"]


def test_a_wrong_method_says_which_are_right(portal: Portal) -> None:
    answer = api(portal)._asked("DELETE", "/board", 405, headers=None)

    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b"x" * (2 * 1024 * 1024)])
def test_a_body_that_cannot_be_read_is_refused(portal: Portal, content: bytes) -> None:
    client = api(portal, "周处长", *BOTH)

    answer = client.http.post(
        f"{BASE}/editions/1/figures",
        content=io.BytesIO(content).read(),
        headers={"Authorization": f"Bearer {client.token}", "content-type": "application/json"},
    )

    assert answer.status_code in (400, 413, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_asks_too_often_is_told_to_wait(portal: Portal) -> None:
    client = api(portal)
    portal.app.state.api.state.per_minute = 3

    codes = [
        client.http.get(f"{BASE}/editions", headers={"Authorization": f"Bearer {client.token}"}).status_code
        for _ in range(4)
    ]
    late = client.get("/editions", expect=429)

    assert codes == [200, 200, 200, 429]
    assert late.headers["retry-after"] == "60"


def test_the_description_is_ours_and_has_its_page(portal: Portal) -> None:
    described = portal.visitor().http.get(f"{BASE}/openapi.json").json()
    page = portal.visitor().get(f"{BASE}/reference")

    assert described["info"]["title"] == "督办数据接口"
    assert described["components"]["securitySchemes"]["令牌"]["scheme"] == "bearer"
    assert all(f"{BASE}{name.split()[1]}" in page.response.text for name in OPERATIONS)
    assert "//cdn" not in page.response.text


def test_the_interface_knows_no_cookie(portal: Portal) -> None:
    assert portal.as_("周处长").http.get(f"{BASE}/editions").status_code == 401
