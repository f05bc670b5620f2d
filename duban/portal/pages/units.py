"""单位: the register, one unit with its names and contacts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field, ValidationInfo, field_validator

from duban.accounts.people import list_people
from duban.core.access import Role
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Form, Line, Text, Whole, comes_back, fault, one_of
from duban.portal.params import Number
from duban.units.importing import CHANNELS, DUTIES, UNIT_KINDS, ContactInput, UnitInput
from duban.units.service import (
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


class UnitForm(Form):
    aliases: Line = Field("", title="别名")
    name: Line = Field(title="名称", max_length=200)
    kind: Annotated[str, one_of(UNIT_KINDS)] = Field(title="类别")
    parent: Line = Field("", title="上级")

    def words(self, code: str) -> UnitInput:
        aliases = (alias.strip() for alias in self.aliases.replace("，", "、").split("、"))
        return UnitInput(
            code=code,
            name=self.name,
            kind=self.kind,
            parent=self.parent,
            aliases=tuple(alias for alias in aliases if alias),
        )


class NewUnit(UnitForm):
    code: Line = Field(title="编码", max_length=64)


class Retirement(Form):
    reason: Text = Field(title="原因")


class ContactForm(Form):
    """A contact entered, changed, or (`retire`) retired, which needs a reason and nothing else."""

    contact: Whole | None = Field(None, title="联系人")
    retire: str = ""
    reason: Text = Field("", title="停用原因")
    name: Line = Field("", title="姓名", max_length=64)
    duty: Annotated[str, one_of(DUTIES)] = Field("", title="职责")
    channel: Annotated[str, one_of(CHANNELS)] = Field("", title="渠道")
    address: Line = Field("", title="地址")
    rank: Whole | None = Field(None, title="顺位")

    @field_validator("reason", "name", "duty", "channel", "address", "rank")
    @classmethod
    def _needed(cls, value: Any, info: ValidationInfo) -> Any:
        retires = bool(info.data.get("contact") and info.data.get("retire"))
        if value in (None, "") and retires == (info.field_name == "reason"):
            raise fault("missing")
        return value


@router.get("/units")
def units(desk: Looks) -> Response:
    """The register."""
    return desk.render(
        "units/all.html",
        title="单位",
        keeps=desk.has(Role.COORDINATOR),
        units=list_units(desk.bureau, by=desk.by),
        KINDS=UNIT_KINDS,
    )


@router.post("/units")
@comes_back(units)
def enter(desk: Keeps, form: NewUnit) -> Response:
    """A new unit."""
    add_unit(desk.bureau, form.words(form.code), by=desk.by, now=desk.now)
    return desk.see_other("/units", said=f"已登记{form.name}。")


@router.get("/units/{unit_id}")
def unit(desk: Looks, unit_id: Number) -> Response:
    """One unit with everybody who is told."""
    found = show_unit_by_id(desk.bureau, unit_id, by=desk.by)
    # Which of the page's forms comes back.
    parts = {"retire": "retire", "contacts": f"contact-{desk.typed.get('contact') or 0}"}
    return desk.render(
        "units/one.html",
        title=found.name,
        keeps=desk.has(Role.COORDINATOR),
        unit=found,
        people=list_people(desk.bureau, by=desk.by, unit_id=unit_id),
        parents=[(one.name, one.name) for one in list_units(desk.bureau, by=desk.by) if one.id != unit_id],
        part=parts.get(desk.request.url.path.rpartition("/")[2], "unit") if desk.attempt.refused else "",
        KINDS=UNIT_KINDS,
        DUTIES=DUTIES,
        CHANNELS=CHANNELS,
    )


@router.post("/units/{unit_id}")
@comes_back(unit)
def change(desk: Keeps, unit_id: Number, form: UnitForm) -> Response:
    """Another name, kind or superior, or further names."""
    code = show_unit_by_id(desk.bureau, unit_id, by=desk.by).code
    done = change_unit(desk.bureau, form.words(code), by=desk.by, now=desk.now)
    return desk.see_other(f"/units/{unit_id}", said="已修改。" if done.anything else "没有改动。")


@router.post("/units/{unit_id}/retire")
@comes_back(unit)
def retire(desk: Keeps, unit_id: Number, form: Retirement) -> Response:
    """停用."""
    done = retire_unit(desk.bureau, unit_id, reason=form.reason, by=desk.by, now=desk.now)
    return desk.see_other(f"/units/{unit_id}", said=f"{done.name}已停用。")


@router.post("/units/{unit_id}/contacts")
@comes_back(unit)
def contact(desk: Keeps, unit_id: Number, form: ContactForm) -> Response:
    """Add, change or retire a contact."""
    show_unit_by_id(desk.bureau, unit_id, by=desk.by)
    if form.contact and form.retire:
        done = retire_contact(desk.bureau, form.contact, reason=form.reason, by=desk.by, now=desk.now)
        said = f"{done.name}（{done.address}）已停用。"
        return desk.see_other(f"/units/{unit_id}", said=said)
    words = ContactInput(**form.model_dump(include={"name", "duty", "channel", "address", "rank"}))
    if form.contact:
        done = change_contact(desk.bureau, form.contact, words, by=desk.by, now=desk.now)
    else:
        done = add_contact(desk.bureau, unit_id, words, by=desk.by, now=desk.now)
    said = f"已保存联系人{done.name}（{done.address}）。"
    return desk.see_other(f"/units/{unit_id}", said=said)
