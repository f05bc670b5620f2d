"""双随机: a lot is prepared (its pool fixed and its digest published), drawn from a public seed by somebody else, and
drawn again by whoever doubts it. Those drawn come on the edition's roster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from duban.bureau import Bureau
from duban.core import clock
from duban.core.access import Actor, person_id, visible_units
from duban.core.credit_code import fault_in
from duban.core.db import Connection
from duban.core.errors import Changed, NotFound, Refused, refuse
from duban.core.text import cleaned
from duban.editions.queries import edition_by_id, edition_or_refuse
from duban.history.service import acting
from duban.imports.sheets import CellFault, Column, RowFaults, SheetRow, read_sheet, write_sheet
from duban.rosters.draw_queries import (
    DrawSubject,
    StoredDraw,
    draw_subjects,
    insert_draw,
    list_draws,
    settle_draw,
)
from duban.rosters.draw_rules import (
    SHORTEST_SEED,
    DrawTerms,
    Inspector,
    PoolSubject,
    draw_lots,
    pool_digest,
    preparation_refusals,
    ticket,
    wanted_count,
)
from duban.rosters.sheets import CODE, LONGEST_CODE, NAME, PLAIN_CODE, add_subjects, roster_key, subject_name
from duban.units.queries import find_unit
from duban.units.rules import person_refusals, reporting_refusals

Each = TypeVar("Each")
NUMBER, AVOIDS, EXCLUDED = "证号", "回避对象", "排除原因"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawShown:
    """A lot with its whole pool. `faults` say what is not as it was published or as the seed draws it; none: it holds."""

    draw: StoredDraw
    subjects: tuple[DrawSubject, ...]
    faults: tuple[str, ...]

    @property
    def drawn(self) -> tuple[DrawSubject, ...]:
        return tuple(one for one in self.subjects if one.place is not None)

    @property
    def inspector_names(self) -> dict[str, str]:
        return {one.number: one.name for one in self.draw.inspectors}


def prepare_draw(
    bureau: Bureau,
    campaign: str,
    year: int,
    subjects: Path,
    inspectors: Path,
    *,
    unit: str,
    terms: DrawTerms,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> DrawShown:
    """Fix the pool from two sheets. Its digest goes into the history, and is to be published before the seed is known."""
    refuse(*person_refusals(by, "抽签"))
    pool, crew = _read_subjects(subjects), _read_inspectors(inspectors)
    avoided = {one.name: one.code for one in pool} | {one.code: one.code for one in pool}
    crew = tuple(_by_code(one, avoided) for one in crew)
    refuse(*preparation_refusals(pool, crew, terms))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        stored = edition_or_refuse(act.connection, campaign, year)
        roster_key(stored)
        holder = find_unit(act.connection, unit)
        if holder is None:
            raise NotFound(f"没有叫“{unit}”的单位，请核对单位名称。")
        refuse(*reporting_refusals(by, holder.id, holder.name))
        values = {
            **asdict(terms),
            "edition_id": stored.id,
            "unit_id": holder.id,
            "subjects": len(pool),
            "excluded": sum(one.excluded is not None for one in pool),
            "wanted": wanted_count(len(pool), terms.share),
            "pool_sha256": pool_digest(pool, crew, terms),
            "prepared_by": person_id(by),
            "prepared_at": now,
        }
        draw_id = insert_draw(act.connection, values, pool, crew)
        noted = ("subjects", "excluded", "wanted", "pool_sha256", "level", "share", "seed_source")
        detail = {name: values[name] for name in noted}
        act.note("prepare", "draw", draw_id, edition_id=stored.id, unit_id=holder.id, detail=detail)
        return _shown(act.connection, draw_id, by)


def hold_draw(
    bureau: Bureau, draw_id: int, seed: str, *, by: Actor, now: datetime, dry_run: bool = False
) -> DrawShown:
    """Draw with the seed that has become public; who is drawn comes on the roster and owes from today."""
    seed = seed.strip()
    refuse(*person_refusals(by, "抽签"))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        shown = _shown(act.connection, draw_id, by)
        one = shown.draw
        refuse(*_holding_refusals(one, seed, by), *shown.faults)
        pool = [
            PoolSubject(code=each.code, name=each.name, excluded=each.excluded) for each in shown.subjects
        ]
        drawn = draw_lots(pool, one.inspectors, wanted=one.wanted, each=one.terms.each, seed=seed)
        held = {"seed": seed, "held_by": person_id(by), "held_at": now}
        if not settle_draw(act.connection, draw_id, held, drawn):
            raise Changed("这次抽签刚刚被别人办理，请刷新后再看。")
        names = {each.code: each.name for each in shown.subjects}
        added = add_subjects(
            act,
            edition_by_id(act.connection, one.edition_id),
            [(each.code, names[each.code], one.unit_id) for each in drawn],
            filename=f"第{draw_id}号抽签",
            sha256=one.pool_sha256,
        )
        detail = {"seed": seed, "drawn": [each.code for each in drawn], "obligations_new": added}
        act.note("hold", "draw", draw_id, edition_id=one.edition_id, unit_id=one.unit_id, detail=detail)
        return _shown(act.connection, draw_id, by)


def drop_draw(
    bureau: Bureau, draw_id: int, reason: str, *, by: Actor, now: datetime, dry_run: bool = False
) -> DrawShown:
    """Put a prepared lot aside, with the reason; one that was drawn stands."""
    refuse(*person_refusals(by, "抽签"), *(() if reason.strip() else ("请写明作废的原因。",)))
    with acting(bureau, by=by, now=now, dry_run=dry_run) as act:
        one = _shown(act.connection, draw_id, by).draw
        refuse(*reporting_refusals(by, one.unit_id, one.unit), *_over(one))
        aside = {"dropped_by": person_id(by), "dropped_at": now, "dropped_why": reason.strip()}
        if not settle_draw(act.connection, draw_id, aside):
            raise Changed("这次抽签刚刚被别人办理，请刷新后再看。")
        detail = {"reason": reason.strip()}
        act.note("drop", "draw", draw_id, edition_id=one.edition_id, unit_id=one.unit_id, detail=detail)
        return _shown(act.connection, draw_id, by)


def find_draws(bureau: Bureau, *, edition_id: int | None = None, by: Actor) -> tuple[StoredDraw, ...]:
    with bureau.store.reading() as connection:
        return list_draws(connection, visible_units(by), edition_id=edition_id)


def show_draw(bureau: Bureau, draw_id: int, *, by: Actor) -> DrawShown:
    """The lot, drawn once more from what is kept."""
    with bureau.store.reading() as connection:
        return _shown(connection, draw_id, by)


def _shown(connection: Connection, draw_id: int, by: Actor) -> DrawShown:
    found = list_draws(connection, visible_units(by), draw_id=draw_id)
    if not found:
        raise NotFound(f"没有第{draw_id}号抽签，请从抽签的清单里选择。")
    subjects = draw_subjects(connection, draw_id)
    return DrawShown(draw=found[0], subjects=subjects, faults=tuple(_faults(found[0], subjects)))


def _faults(one: StoredDraw, subjects: Sequence[DrawSubject]) -> Iterator[str]:
    pool = [PoolSubject(code=each.code, name=each.name, excluded=each.excluded) for each in subjects]
    digest = pool_digest(pool, one.inspectors, one.terms)
    if digest != one.pool_sha256:
        yield f"名单的指纹是{digest}，与公布的{one.pool_sha256}不符：名单在公布之后被改动过，请报告审计。"
    if one.seed is None:
        return
    again = draw_lots(pool, one.inspectors, wanted=one.wanted, each=one.terms.each, seed=one.seed)
    kept = tuple((each.code, each.inspectors) for each in subjects if each.place is not None)
    if kept != tuple((each.code, each.inspectors) for each in again):
        yield "按种子重新抽取的结果与记录的不一致：结果被改动过，请报告审计。"


def _holding_refusals(one: StoredDraw, seed: str, by: Actor) -> Iterator[str]:
    yield from reporting_refusals(by, one.unit_id, one.unit)
    yield from _over(one)
    if by.person_id == one.prepared_by:
        yield f"名单是{by.name}准备的，抽签须由另一人办理。"
    if len(seed) < SHORTEST_SEED:
        yield f"种子太短，至少{SHORTEST_SEED}个字，请照公布的来源（{one.terms.seed_source}）原样填写。"


def _over(one: StoredDraw) -> Iterator[str]:
    if one.held_at is not None:
        yield f"第{one.id}号抽签已于{one.held_at.astimezone(clock.ZONE):%Y-%m-%d}抽过，结果不能再改。"
    if one.dropped_at is not None:
        yield f"第{one.id}号抽签已作废，请重新准备一次。"


def _read_subjects(path: Path) -> tuple[PoolSubject, ...]:
    """统一社会信用代码 or 编号, 名称, and 排除原因 where one takes no part."""
    columns = (
        Column(heading=CODE, aliases=("社会信用代码",), read=_credit_code),
        Column(heading=PLAIN_CODE, aliases=("代码", "登记证号"), read=cleaned),
        Column(heading=NAME, aliases=("社会组织名称", "单位名称"), required=True, read=subject_name),
        Column(heading=EXCLUDED, aliases=("不参加抽取的原因",), read=cleaned),
    )

    def subject(row: SheetRow) -> tuple[str, PoolSubject]:
        code = row[CODE] or row[PLAIN_CODE] or ""
        return code, PoolSubject(code=code, name=row[NAME] or "", excluded=(row[EXCLUDED] or None))

    return _read(path, columns, subject, what="对象")


def _read_inspectors(path: Path) -> tuple[Inspector, ...]:
    """证号, 姓名, and 回避对象 (codes or names with 、 between them) and 排除原因 where there are any."""
    columns = (
        Column(heading=NUMBER, aliases=("执法证号", "工号", PLAIN_CODE), required=True, read=cleaned),
        Column(heading="姓名", required=True, read=subject_name),
        Column(heading=AVOIDS, aliases=("回避",), read=cleaned),
        Column(heading=EXCLUDED, aliases=("不参加抽取的原因",), read=cleaned),
    )

    def inspector(row: SheetRow) -> tuple[str, Inspector]:
        avoids = tuple(part for part in (row[AVOIDS] or "").replace("，", "、").split("、") if part)
        number = row[NUMBER] or ""
        return number, Inspector(
            number=number, name=row["姓名"] or "", avoids=avoids, excluded=row[EXCLUDED] or None
        )

    return _read(path, columns, inspector, what="检查人员")


def _read(
    path: Path, columns: Sequence[Column], made: Callable[[SheetRow], tuple[str, Each]], *, what: str
) -> tuple[Each, ...]:
    """Every row, each under a number of its own; refused with all faults and their rows."""
    if not path.is_file():
        raise Refused(f"找不到文件{path.name}，请检查路径。")
    faults, found, seen = RowFaults(), [], dict[str, int]()
    for row in read_sheet(path, columns).rows:
        for fault in row.faults:
            faults.add(row.number, fault.kind, fault.message)
        key, one = made(row)
        if not key or len(key) > LONGEST_CODE:
            faults.add(row.number, "没有编号", f"没有编号，或编号超过{LONGEST_CODE}字，请补正。")
        elif (first := seen.setdefault(key, row.number)) != row.number:
            faults.add(row.number, "编号重复", f"{key}在第{first}行已有，请只留一行。")
        found.append(one)
    faults.refuse()
    if not found:
        raise Refused(f"{path.name}里一个{what}也没有，请确认选对了文件；表头下面应有数据。")
    return tuple(found)


def _credit_code(text: str) -> str:
    code = cleaned(text).upper()
    if code and (wrong := fault_in(code)):
        raise CellFault("统一社会信用代码有误", f"统一社会信用代码{code}{wrong}，请核对。")
    return code


def _by_code(one: Inspector, codes: dict[str, str]) -> Inspector:
    unknown = [word for word in one.avoids if word not in codes]
    if unknown:
        raise Refused(f"{one.name}的回避对象“{'、'.join(unknown)}”不在名单里，请核对名称或代码。")
    return Inspector(
        number=one.number,
        name=one.name,
        excluded=one.excluded,
        avoids=tuple(codes[word] for word in one.avoids),
    )


_EXPORTED = (("顺序", 6), (CODE, 24), (NAME, 40), (EXCLUDED, 30), ("检查人员", 24), ("签号", 68))


def export_draw(bureau: Bureau, draw_id: int, *, to: Path, by: Actor) -> int:
    """The whole pool with everybody's ticket, so that anybody can draw again; returns how many subjects."""
    shown = show_draw(bureau, draw_id, by=by)
    one, names = shown.draw, shown.inspector_names
    notes = (
        f"{one.name}{one.year}年第{one.id}号抽签，{one.unit}；比例{one.terms.share:f}%，应抽{one.wanted}家，每家{one.terms.each}名检查人员",
        f"名单指纹（SHA-256）：{one.pool_sha256}",
        f"种子来源：{one.terms.seed_source}；种子：{one.seed or '尚未抽取'}",
        "签号是“种子|代码”的 SHA-256，检查人员的是“种子|代码|证号”的；从小到大取。排除的不参加。",
        *(
            f"检查人员 {each.number} {each.name}"
            + (f"，排除：{each.excluded}" if each.excluded else "")
            + (f"，回避：{'、'.join(each.avoids)}" if each.avoids else "")
            for each in one.inspectors
        ),
    )
    rows = (
        (
            each.place,
            each.code,
            each.name,
            each.excluded,
            "、".join(names[number] for number in each.inspectors),
            ticket(one.seed, each.code) if one.seed and not each.excluded else None,
        )
        for each in shown.subjects
    )
    return write_sheet(to, "抽签", _EXPORTED, rows, notes=notes)
