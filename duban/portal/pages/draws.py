"""双随机: the lots of one check, and one lot with its pool, its seed and all that is needed to draw it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field
from starlette.datastructures import UploadFile

from duban.core.access import Role
from duban.core.errors import Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Amount, Files, Form, Line, Text, Whole, comes_back, one_of
from duban.portal.pages.rosters import RECORDS, SEES
from duban.portal.params import Number
from duban.portal.rendering import xlsx_response
from duban.rosters.draw_rules import LEAST_INSPECTORS, LEGAL_SHARES, DrawTerms
from duban.rosters.draws import drop_draw, export_draw, find_draws, hold_draw, prepare_draw, show_draw
from duban.rosters.queries import SubjectFilter
from duban.rosters.service import list_subjects
from duban.units.service import list_units

router = APIRouter()


class Preparation(Form):
    unit: Line = Field(title="抽取单位")
    level: Annotated[str, one_of(LEGAL_SHARES)] = Field(title="登记机关层级")
    share: Amount | None = Field(None, title="抽取比例")
    each: Whole = Field(LEAST_INSPECTORS, title="每家检查人员")
    seed_source: Text = Field(title="种子来源")
    subjects: Files = Field(default=[], title="对象名单")
    inspectors: Files = Field(default=[], title="检查人员名单")


class Holding(Form):
    seed: Line = Field(title="种子")


class Dropping(Form):
    reason: Text = Field(title="作废原因")


@router.get("/rosters/{edition_id}/draws")
def draws(desk: Annotated[PageContext, allow(*SEES)], edition_id: Number) -> Response:
    """The lots of one check, and the form to prepare one."""
    found = list_subjects(desk.bureau, edition_id, SubjectFilter(), by=desk.by, page_size=1)
    mine = [
        one.name
        for one in list_units(desk.bureau, by=desk.by)
        if desk.has(Role.COORDINATOR) or desk.by.belongs_to(one.id)
    ]
    return desk.render(
        "draws/list.html",
        title=f"{found.name}{found.year}年双随机抽签",
        found=found,
        draws=find_draws(desk.bureau, edition_id=edition_id, by=desk.by),
        unit_options=[(name, name) for name in mine] if desk.has(*RECORDS) else [],
        level_options=[(level, f"{level}（不低于{share}%）") for level, share in LEGAL_SHARES.items()],
        LEAST_INSPECTORS=LEAST_INSPECTORS,
    )


@router.post("/rosters/{edition_id}/draws")
@comes_back(draws)
def prepare(desk: Annotated[PageContext, allow(*RECORDS)], edition_id: Number, form: Preparation) -> Response:
    """Fix the pool of a lot."""
    found = list_subjects(desk.bureau, edition_id, SubjectFilter(), by=desk.by, page_size=1)
    share = form.share if form.share is not None else LEGAL_SHARES.get(form.level, Decimal(0))
    terms = DrawTerms(level=form.level, share=share, each=form.each, seed_source=form.seed_source)
    with _received(form.subjects, "对象名单") as subjects, _received(form.inspectors, "检查人员名单") as crew:
        done = prepare_draw(
            desk.bureau,
            found.campaign,
            found.year,
            subjects,
            crew,
            unit=form.unit,
            terms=terms,
            by=desk.by,
            now=desk.now,
        )
    said = "名单已固定。请公布名单指纹和种子来源，种子公开后由另一人抽取。"
    return desk.see_other(f"/draws/{done.draw.id}", said=said)


@contextmanager
def _received(files: list[UploadFile], what: str) -> Iterator[Path]:
    """The one sheet that was sent, as a file with its own name."""
    if len(files) != 1:
        raise Refused(f"请选择一份{what}。")
    with TemporaryDirectory() as folder:
        path = Path(folder) / (Path(files[0].filename or "").name or "sheet")
        with path.open("wb") as file:
            copyfileobj(files[0].file, file)
        yield path


@router.get("/draws/{draw_id}")
def draw(desk: Annotated[PageContext, allow(*SEES)], draw_id: Number) -> Response:
    """One lot: what was published, who was drawn, and how to draw it again."""
    shown = show_draw(desk.bureau, draw_id, by=desk.by)
    one = shown.draw
    open_ = one.held_at is None and one.dropped_at is None
    may = desk.has(Role.COORDINATOR) or (desk.has(Role.HANDLER) and desk.by.belongs_to(one.unit_id))
    return desk.render(
        "draws/one.html",
        title=f"第{one.id}号抽签",
        shown=shown,
        one=one,
        may_hold=may and open_ and desk.by.person_id != one.prepared_by,
        may_drop=may and open_,
    )


@router.post("/draws/{draw_id}/hold")
@comes_back(draw)
def hold(desk: Annotated[PageContext, allow(*RECORDS)], draw_id: Number, form: Holding) -> Response:
    """Draw with the public seed."""
    done = hold_draw(desk.bureau, draw_id, form.seed, by=desk.by, now=desk.now)
    return desk.see_other(f"/draws/{draw_id}", said=f"已抽中{len(done.drawn)}家，并列入名册。")


@router.post("/draws/{draw_id}/drop")
@comes_back(draw)
def drop(desk: Annotated[PageContext, allow(*RECORDS)], draw_id: Number, form: Dropping) -> Response:
    """Put a prepared lot aside."""
    done = drop_draw(desk.bureau, draw_id, form.reason, by=desk.by, now=desk.now)
    return desk.see_other(f"/rosters/{done.draw.edition_id}/draws", said=f"第{draw_id}号抽签已作废。")


@router.get("/draws/{draw_id}/export.xlsx")
def export(desk: Annotated[PageContext, allow(*SEES)], draw_id: Number) -> Response:
    """The whole pool with everybody's ticket."""
    return xlsx_response(
        f"抽签-{draw_id}.xlsx", lambda path: export_draw(desk.bureau, draw_id, to=path, by=desk.by)
    )
