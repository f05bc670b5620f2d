"""A roster's sheet: chosen, previewed with every fault or every change, confirmed. Nothing is entered before."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.imports.faults import MOST_FAULTS, FaultySheet, RowsRefused, export_faults
from duban.imports.pending import PendingImport, drop_pending_import, find_pending_import, keep_pending_import
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.params import Number
from duban.portal.rendering import xlsx_response
from duban.rosters.importing import RosterImported, RosterScope, check_roster, import_roster
from duban.rosters.lists import RosterPage, list_subjects
from duban.rosters.subject_queries import SubjectFilter

router = APIRouter()
IMPORTS = (Role.COORDINATOR,)


@router.get("/rosters/{edition_id}/import")
def choose(desk: Annotated[PageContext, allow(*IMPORTS)], edition_id: Number) -> Response:
    """Where a sheet is chosen."""
    return _choose(desk, edition_id)


@router.post("/rosters/{edition_id}/import")
def receive(
    desk: Annotated[PageContext, allow(*IMPORTS)], edition_id: Number, filled: FilledForm
) -> Response:
    """Keep the sheet and go on to its preview."""
    registered_by = filled.day("registered_by", "登记日期")
    choices = {
        "registered_by": registered_by.isoformat() if registered_by else "",
        "without_charities": "1" if filled.ticked("without_charities") else "",
    }
    files = filled.files("sheet")
    try:
        filled.refuse_faults()
        if len(files) != 1:
            raise Refused("请选择一份表格。")
        kept = keep_pending_import(
            desk.bureau,
            files[0].file,
            files[0].filename or "",
            use=_use(edition_id),
            choices=choices,
            by=desk.by,
            now=desk.now,
        )
    except Refused as refused:
        return _choose(desk, edition_id, status=422, refused=refused.reasons, filled=filled)
    return desk.see_other(f"/rosters/{edition_id}/import/{kept.token}")


@router.get("/rosters/{edition_id}/import/{token}")
def preview(desk: Annotated[PageContext, allow(*IMPORTS)], edition_id: Number, token: str) -> Response:
    """What the sheet would change, or what is wrong with it."""
    return _preview(desk, edition_id, _find(desk, edition_id, token))


@router.get("/rosters/{edition_id}/import/{token}/faults.xlsx")
def faults(desk: Annotated[PageContext, allow(*IMPORTS)], edition_id: Number, token: str) -> Response:
    """Every fault of the sheet as a sheet."""
    kept = _find(desk, edition_id, token)
    try:
        _check(desk, edition_id, kept, keep=MOST_FAULTS)
    except RowsRefused as refused:
        faulty = refused.faulty
        return xlsx_response("名册错误清单.xlsx", lambda path: export_faults(faulty, kept.filename, to=path))
    raise NotFound("这份表格现在没有错误，可以直接确认导入。")


@router.post("/rosters/{edition_id}/import/{token}")
def confirm(
    desk: Annotated[PageContext, allow(*IMPORTS)], edition_id: Number, token: str, filled: FilledForm
) -> Response:
    """Enter the sheet that was previewed, or put it away."""
    kept = _find(desk, edition_id, token)
    if filled.ticked("drop"):
        drop_pending_import(desk.bureau, kept)
        return desk.see_other(f"/rosters/{edition_id}/import", said="已放弃这份表格，什么也没有改动。")
    try:
        done = _import(desk, edition_id, kept, dry_run=False)
    except Refused as refused:
        return _preview(desk, edition_id, kept, refused=refused.reasons)
    drop_pending_import(desk.bureau, kept)
    return desk.see_other(f"/rosters/{edition_id}", said=_said(done))


def _said(done: RosterImported) -> str:
    if done.unchanged:
        return f"名册已是这一份（{done.subjects}个对象），没有改动。"
    return (
        f"已导入{done.subjects}个对象：新增{done.new}个、变更{done.changed}个、不再列入{done.gone}个；"
        f"任务新增{done.obligations_new}项、撤销{done.obligations_cancelled}项、恢复{done.obligations_returned}项，"
        f"报结{done.obligations_submitted}项、销号{done.obligations_closed}项。"
    )


def _choose(
    desk: PageContext,
    edition_id: int,
    *,
    status: int = 200,
    refused: tuple[str, ...] = (),
    filled: Filled | None = None,
) -> Response:
    found = _roster(desk, edition_id)
    return desk.render(
        "rosters/choose.html",
        title=f"导入{found.name}{found.year}年名册",
        status=status,
        found=found,
        refused=refused,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
    )


def _preview(
    desk: PageContext, edition_id: int, kept: PendingImport, *, refused: tuple[str, ...] = ()
) -> Response:
    found = _roster(desk, edition_id)
    faulty: FaultySheet | None = None
    done: RosterImported | None = None
    try:
        _check(desk, edition_id, kept, keep=200)
        done = _import(desk, edition_id, kept, dry_run=True)
    except RowsRefused as rows:
        faulty = rows.faulty
    except Refused as whole:
        refused = whole.reasons
    return desk.render(
        "rosters/preview.html",
        title=f"预览：{found.name}{found.year}年名册",
        status=422 if refused else 200,
        found=found,
        kept=kept,
        faulty=faulty,
        done=done,
        refused=refused,
        back=f"/rosters/{edition_id}/import",
    )


def _roster(desk: PageContext, edition_id: int) -> RosterPage:
    return list_subjects(desk.bureau, edition_id, SubjectFilter(), by=desk.by, page_size=1)


def _find(desk: PageContext, edition_id: int, token: str) -> PendingImport:
    return find_pending_import(desk.bureau, token, use=_use(edition_id), by=desk.by, now=desk.now)


def _use(edition_id: int) -> str:
    return f"roster/{edition_id}"


def _check(desk: PageContext, edition_id: int, kept: PendingImport, *, keep: int) -> None:
    found = _roster(desk, edition_id)
    check_roster(
        desk.bureau,
        found.campaign,
        found.year,
        kept.path,
        by=desk.by,
        now=desk.now,
        scope=_scope(kept),
        keep=keep,
    )


def _import(desk: PageContext, edition_id: int, kept: PendingImport, *, dry_run: bool) -> RosterImported:
    found = _roster(desk, edition_id)
    return import_roster(
        desk.bureau,
        found.campaign,
        found.year,
        kept.path,
        by=desk.by,
        now=desk.now,
        scope=_scope(kept),
        dry_run=dry_run,
    )


def _scope(kept: PendingImport) -> RosterScope:
    day = kept.choices.get("registered_by")
    return RosterScope(
        registered_by=date.fromisoformat(day) if day else None,
        without_charities=bool(kept.choices.get("without_charities")),
    )
