"""单位: the register, one unit with its names and contacts, and a sheet of units previewed before it is entered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.people import list_people
from duban.core.access import Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm, run
from duban.portal.params import Number
from duban.units.importing import CHANNELS, DUTIES, UNIT_KINDS
from duban.units.service import (
    ContactKept,
    ContactWords,
    UnitWords,
    add_contact,
    add_unit,
    change_contact,
    change_unit,
    list_units,
    retire_contact,
    retire_unit,
    show_unit_by_id,
)

router = APIRouter()
# Whoever enters an address decides who gets a unit's links: that is the coordinator's, not the operator's.
Keeps = Annotated[PageContext, allow(Role.COORDINATOR)]
Looks = Annotated[PageContext, allow(Role.COORDINATOR, Role.OPERATOR)]


@router.get("/units")
def units(desk: Looks) -> Response:
    """The register."""
    return _page(desk)


@router.post("/units")
def enter(desk: Keeps, filled: FilledForm) -> Response:
    """A new unit."""

    def act() -> str:
        words = _words(filled, filled.line("code", "编码", required=True, longest=64))
        filled.refuse_faults()
        add_unit(desk.bureau, words, by=desk.by, now=desk.now)
        return f"已登记{words.name}。"

    said, status, reasons = run(act)
    if said is None:
        return _page(desk, filled, reasons, status=status)
    return desk.see_other("/units", said=said)


@router.get("/units/{unit_id}")
def unit(desk: Looks, unit_id: Number) -> Response:
    """One unit with everybody who is told."""
    return _one(desk, unit_id)


@router.post("/units/{unit_id}")
def change(desk: Keeps, unit_id: Number, filled: FilledForm) -> Response:
    """Another name, kind or superior, or further names."""

    def act() -> str:
        words = _words(filled, show_unit_by_id(desk.bureau, unit_id, by=desk.by).code)
        filled.refuse_faults()
        done = change_unit(desk.bureau, words, by=desk.by, now=desk.now)
        return "已修改。" if done.anything else "没有改动。"

    return _did(desk, unit_id, filled, "unit", run(act))


@router.post("/units/{unit_id}/retire")
def retire(desk: Keeps, unit_id: Number, filled: FilledForm) -> Response:
    """停用."""

    def act() -> str:
        reason = filled.text("reason", "原因", required=True)
        filled.refuse_faults()
        done = retire_unit(desk.bureau, unit_id, reason=reason, by=desk.by, now=desk.now)
        return f"{done.name}已停用。"

    return _did(desk, unit_id, filled, "retire", run(act))


@router.post("/units/{unit_id}/contacts")
def contact(desk: Keeps, unit_id: Number, filled: FilledForm) -> Response:
    """Add, change or retire a contact."""
    number = filled.whole("contact", "联系人")
    retires = filled.ticked("retire")

    def act() -> str:
        show_unit_by_id(desk.bureau, unit_id, by=desk.by)
        common = {"by": desk.by, "now": desk.now}
        done: ContactKept
        if number and retires:
            reason = filled.text("reason", "停用原因", required=True)
            filled.refuse_faults()
            done = retire_contact(desk.bureau, number, reason=reason, **common)  # type: ignore[arg-type]  # one dictionary for three calls
            return f"{done.contact.name}（{done.contact.address}）已停用。"
        words = _contact(filled)
        if number:
            done = change_contact(desk.bureau, number, words, **common)  # type: ignore[arg-type]  # as above
        else:
            done = add_contact(desk.bureau, unit_id, words, **common)  # type: ignore[arg-type]  # as above
        return f"已保存联系人{done.contact.name}（{done.contact.address}）。"

    return _did(desk, unit_id, filled, f"contact-{number or 0}", run(act))


def _words(filled: Filled, code: str) -> UnitWords:
    aliases = filled.line("aliases", "别名").replace("，", "、").split("、")
    return UnitWords(
        code=code,
        name=filled.line("name", "名称", required=True, longest=200),
        kind=filled.choice("kind", "类别", UNIT_KINDS) or "",
        parent=filled.line("parent", "上级"),
        aliases=tuple(alias.strip() for alias in aliases if alias.strip()),
    )


def _contact(filled: Filled) -> ContactWords:
    words = ContactWords(
        name=filled.line("name", "姓名", required=True, longest=64),
        duty=filled.choice("duty", "职责", DUTIES) or "",
        channel=filled.choice("channel", "渠道", CHANNELS) or "",
        address=filled.line("address", "地址", required=True),
        rank=filled.whole("rank", "顺位", required=True),
    )
    filled.refuse_faults()
    return words


def _did(
    desk: PageContext, unit_id: int, filled: Filled, part: str, came: tuple[str | None, int, tuple[str, ...]]
) -> Response:
    said, status, reasons = came
    if said is None:
        return _one(desk, unit_id, filled, reasons, status=status, part=part)
    return desk.see_other(f"/units/{unit_id}", said=said)


def _page(
    desk: PageContext, filled: Filled | None = None, refused: tuple[str, ...] = (), *, status: int = 200
) -> Response:
    return desk.render(
        "units/all.html",
        title="单位",
        keeps=desk.has(Role.COORDINATOR),
        status=status,
        units=list_units(desk.bureau, by=desk.by),
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        KINDS=UNIT_KINDS,
    )


def _one(
    desk: PageContext,
    unit_id: int,
    filled: Filled | None = None,
    refused: tuple[str, ...] = (),
    *,
    status: int = 200,
    part: str = "",
) -> Response:
    found = show_unit_by_id(desk.bureau, unit_id, by=desk.by)
    return desk.render(
        "units/one.html",
        title=found.name,
        status=status,
        keeps=desk.has(Role.COORDINATOR),
        unit=found,
        people=list_people(desk.bureau, by=desk.by, unit_id=unit_id),
        parents=[(one.name, one.name) for one in list_units(desk.bureau, by=desk.by) if one.id != unit_id],
        refused=refused,
        part=part,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
        KINDS=UNIT_KINDS,
        DUTIES=DUTIES,
        CHANNELS=CHANNELS,
    )
