"""双随机: who is visited and by whom is drawn by lot from a public seed, and anybody can draw again."""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from duban.bureau import Bureau
from duban.core.access import SYSTEM, Actor, Role
from duban.core.errors import Refused
from duban.editions.service import apply_edition
from duban.obligations.tables import obligation
from duban.rosters.draw_rules import (
    DrawTerms,
    Inspector,
    PoolSubject,
    draw_lots,
    pool_digest,
    preparation_refusals,
    wanted_count,
)
from duban.rosters.draws import drop_draw, export_draw, hold_draw, prepare_draw, show_draw
from duban.rosters.service import read_roster_counts
from duban.rosters.tables import draw_subject
from tests.builders import a_person, a_unit
from tests.rosters.test_rosters import a_code, the_check

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
SEED = "03 08 17 21 25 33 + 07"
TERMS = DrawTerms(level="县级", share=Decimal(3), each=2, seed_source="3月10日双色球开奖号码")
CHECK = ("social_org_annual_check", 2026)

codes = st.lists(st.text("ABC0123456789", min_size=1, max_size=6), min_size=1, max_size=40, unique=True)


@given(codes, st.text(min_size=6, max_size=20), st.integers(0, 10), st.data())
def test_the_lot_is_the_same_for_everybody_and_keeps_to_its_rules(names, seed, out, data):
    pool = [
        PoolSubject(code=code, name=code, excluded="停业" if nth < out else None)
        for nth, code in enumerate(names)
    ]
    crew = [
        Inspector(
            number=str(nth), name=f"第{nth}人", avoids=tuple(data.draw(st.sets(st.sampled_from(names))))
        )
        for nth in range(5)
    ]
    wanted = min(len(names) - min(out, len(names)), 7)

    drawn = draw_lots(pool, crew, wanted=wanted, each=2, seed=seed)

    assert drawn == draw_lots(pool[::-1], crew[::-1], wanted=wanted, each=2, seed=seed)
    assert len({one.code for one in drawn}) == wanted
    assert not {one.code for one in drawn} & {one.code for one in pool if one.excluded}
    for one in drawn:
        assert not any(each.number in one.inspectors and one.code in each.avoids for each in crew)


def test_anybody_draws_again_with_nothing_but_a_hash(capsys):
    pool = [PoolSubject(code=a_code(n), name=str(n)) for n in range(200)]
    crew = [Inspector(number=f"F{n}", name=str(n)) for n in range(9)]

    (first, *_) = draw_lots(pool, crew, wanted=6, each=2, seed=SEED)

    tickets = {hashlib.sha256(f"{SEED}|{one.code}".encode()).hexdigest(): one.code for one in pool}
    assert first.code == tickets[min(tickets)]
    visits = {hashlib.sha256(f"{SEED}|{first.code}|F{n}".encode()).hexdigest(): f"F{n}" for n in range(9)}
    assert list(first.inspectors) == [visits[ticket] for ticket in sorted(visits)[:2]]


@given(st.integers(1, 900_000), st.decimals("3", "100", places=1))
def test_a_fraction_of_a_subject_counts_as_one(registered, share):
    wanted = wanted_count(registered, share)

    assert (wanted - 1) * 100 < registered * share <= wanted * 100


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"share": Decimal("2.9")}, "县级定期抽查的比例不得低于3%"),
        ({"level": "市级"}, "市级定期抽查的比例不得低于4%"),
        ({"level": "区级"}, "登记机关的层级“区级”不认识"),
        ({"each": 1}, "实地检查每家至少2人"),
        ({"seed_source": ""}, "请写明种子从哪里来"),
    ],
)
def test_a_lot_that_the_law_does_not_allow_is_not_prepared(terms, said):
    pool = [PoolSubject(code="A1", name="一家")]
    crew = [Inspector(number=str(n), name=str(n)) for n in range(3)]
    asked = DrawTerms(**{name: getattr(TERMS, name) for name in TERMS.__dataclass_fields__} | terms)

    assert any(said in sentence for sentence in preparation_refusals(pool, crew, asked))


def test_who_must_keep_away_may_leave_too_few_inspectors():
    pool = [PoolSubject(code="A1", name="晨光协会"), PoolSubject(code="A2", name="晚霞协会")]
    crew = [Inspector(number="1", name="甲", avoids=("A1",)), Inspector(number="2", name="乙")]

    assert list(preparation_refusals(pool, crew, TERMS)) == [
        "晨光协会等1家除去回避的不足2名检查人员，请补充检查人员名单。"
    ]


def test_whatever_of_the_pool_is_changed_changes_its_digest():
    pool = [PoolSubject(code="A1", name="晨光协会"), PoolSubject(code="A2", name="晚霞协会")]
    crew = [Inspector(number="1", name="甲"), Inspector(number="2", name="乙")]
    out = [pool[0], PoolSubject(code="A2", name="晚霞协会", excluded="正在注销")]

    assert pool_digest(pool, crew, TERMS) == pool_digest(pool[::-1], crew[::-1], TERMS)
    assert pool_digest(pool, crew, TERMS) != pool_digest(out, crew, TERMS)
    assert pool_digest(pool, crew, TERMS) != pool_digest(pool, crew[:1], TERMS)


# The story: 天宁区 draws 4 of 120.


def a_list(folder: Path, name: str, headings: tuple[str, ...], rows) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def the_subjects(folder: Path, count: int = 120) -> Path:
    rows = [(a_code(n), f"第{n}号社会组织", "正在办理注销" if n < 2 else "") for n in range(count)]
    return a_list(folder, "登记.csv", ("统一社会信用代码", "名称", "排除原因"), rows)


def the_crew(folder: Path) -> Path:
    rows = [(f"苏D{n}", f"检查员{n}", "第5号社会组织" if n == 1 else "") for n in range(6)]
    return a_list(folder, "检查人员.csv", ("证号", "姓名", "回避对象"), rows)


@pytest.fixture
def people(bureau: Bureau) -> tuple[Actor, Actor]:
    tianning = a_unit(bureau, "天宁区民政局")
    a_unit(bureau, "梁溪区民政局")
    a_unit(bureau, "市民政局", kind="bureau")
    apply_edition(bureau, the_check(), by=SYSTEM, now=NOW)
    return (
        a_person(bureau, "董科长", tianning, Role.HANDLER),
        a_person(bureau, "钱科员", tianning, Role.HANDLER),
    )


def prepared(bureau: Bureau, folder: Path, by: Actor, terms: DrawTerms = TERMS):
    return prepare_draw(
        bureau,
        *CHECK,
        the_subjects(folder),
        the_crew(folder),
        unit="天宁区民政局",
        terms=terms,
        by=by,
        now=NOW,
    )


def test_director_dong_prepares_and_clerk_qian_draws(bureau: Bureau, people, tmp_path: Path):
    dong, qian = people
    done = prepared(bureau, tmp_path, dong)

    assert (done.draw.subjects, done.draw.excluded, done.draw.wanted) == (120, 2, 4)
    with pytest.raises(Refused, match="名单是董科长准备的，抽签须由另一人办理"):
        hold_draw(bureau, done.draw.id, SEED, by=dong, now=LATER)

    held = hold_draw(bureau, done.draw.id, SEED, by=qian, now=LATER)

    assert len(held.drawn) == 4
    assert all(len(one.inspectors) == 2 for one in held.drawn)
    assert held.faults == ()
    # Who was drawn owes from that day.
    assert read_roster_counts(bureau, *CHECK, by=SYSTEM).all.due == 4
    with bureau.store.reading() as connection:
        owed = connection.execute(sa.select(obligation.c.opened_on).where(obligation.c.subject_id > 0)).all()
    assert len(owed) == 4 * 2  # two things are owed of each
    with pytest.raises(Refused, match="已于2026-03-11抽过，结果不能再改"):
        hold_draw(bureau, done.draw.id, "another seed", by=qian, now=LATER)
    with pytest.raises(Refused, match="结果不能再改"):
        drop_draw(bureau, done.draw.id, "不合意", by=qian, now=LATER)


def test_a_result_or_a_pool_that_was_changed_is_told(bureau: Bureau, people, tmp_path: Path):
    dong, qian = people
    number = prepared(bureau, tmp_path, dong).draw.id
    held = hold_draw(bureau, number, SEED, by=qian, now=LATER)
    loser = next(one for one in held.subjects if one.place is None and not one.excluded)

    with bureau.store.writing() as connection:
        winner = draw_subject.c.code == held.drawn[0].code
        connection.execute(sa.update(draw_subject).where(winner).values(place=None))
        connection.execute(
            sa.update(draw_subject)
            .where(draw_subject.c.code == loser.code)
            .values(place=1, inspectors=["苏D2"])
        )
    (changed,) = show_draw(bureau, number, by=SYSTEM).faults
    with bureau.store.writing() as connection:
        connection.execute(sa.update(draw_subject).where(winner).values(excluded="后来补的理由"))
    pool = show_draw(bureau, number, by=SYSTEM).faults[0]

    assert "按种子重新抽取的结果与记录的不一致" in changed
    assert "名单在公布之后被改动过" in pool


def test_a_lot_put_aside_is_not_drawn_and_a_second_one_adds_to_the_roster(
    bureau: Bureau, people, tmp_path: Path
):
    dong, qian = people
    first = prepared(bureau, tmp_path, dong).draw.id
    drop_draw(bureau, first, "名单漏了一家", by=dong, now=NOW)
    second = prepared(bureau, tmp_path, dong).draw.id
    hold_draw(bureau, second, SEED, by=qian, now=LATER)
    third = prepared(bureau, tmp_path, dong).draw.id
    hold_draw(bureau, third, "12 14 15 19 27 31 + 02", by=qian, now=LATER)

    drawn = {one.code for number in (second, third) for one in show_draw(bureau, number, by=SYSTEM).drawn}
    assert read_roster_counts(bureau, *CHECK, by=SYSTEM).all.due == len(drawn)
    with pytest.raises(Refused, match="已作废"):
        hold_draw(bureau, first, SEED, by=qian, now=LATER)


def test_another_unit_neither_prepares_nor_sees_it(bureau: Bureau, people, tmp_path: Path):
    dong, _ = people
    number = prepared(bureau, tmp_path, dong).draw.id
    with bureau.store.reading() as connection:
        liangxi = connection.scalar(sa.text("SELECT id FROM unit WHERE name = '梁溪区民政局'"))
    lu = a_person(bureau, "卢科长", liangxi, Role.HANDLER)

    with pytest.raises(Refused, match="没有第"):
        show_draw(bureau, number, by=lu)
    with pytest.raises(Refused, match="不是天宁区民政局的经办人"):
        prepared(bureau, tmp_path, lu)


def test_the_sheet_carries_everybodys_ticket(bureau: Bureau, people, tmp_path: Path):
    dong, qian = people
    number = prepared(bureau, tmp_path, dong).draw.id
    hold_draw(bureau, number, SEED, by=qian, now=LATER)

    export_draw(bureau, number, to=tmp_path / "抽签.xlsx", by=qian)

    heading, *rows = CalamineWorkbook.from_path(tmp_path / "抽签.xlsx").get_sheet_by_index(0).to_python()
    assert heading[-1] == "签号"
    tickets = {row[1]: row[-1] for row in rows}
    assert len(tickets) == 120
    for code, shown in tickets.items():
        excluded = code in (a_code(0), a_code(1))
        assert shown == ("" if excluded else hashlib.sha256(f"{SEED}|{code}".encode()).hexdigest())


def test_a_faulty_sheet_prepares_nothing_and_names_its_rows(bureau: Bureau, people, tmp_path: Path):
    dong, _ = people
    wrong = a_list(
        tmp_path,
        "登记.csv",
        ("统一社会信用代码", "名称"),
        [(a_code(1), "一家"), (a_code(1), "两家"), ("", "三家"), ("91320000", "四家")],
    )

    with pytest.raises(Refused) as refused:
        prepare_draw(
            bureau, *CHECK, wrong, the_crew(tmp_path), unit="天宁区民政局", terms=TERMS, by=dong, now=NOW
        )

    said = str(refused.value)
    assert "第3行" in said
    assert "第4行" in said
    assert "第5行" in said
