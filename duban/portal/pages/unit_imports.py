"""A sheet of units and contacts: chosen, previewed with every fault by its row, confirmed. Nothing is entered before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.access import Role
from duban.core.errors import Refused
from duban.imports.pending import PendingImport, drop_pending_import, find_pending_import, keep_pending_import
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import FilledForm
from duban.units.importing import CHANNELS, DUTIES, HEADINGS, UNIT_KINDS, UnitsImported, import_units

router = APIRouter()
Keeps = Annotated[PageContext, allow(Role.COORDINATOR)]
USE = "units"


@router.get("/unit-import")
def choose(desk: Keeps) -> Response:
    """Where a sheet is chosen."""
    return _choose(desk)


@router.post("/unit-import")
def receive(desk: Keeps, filled: FilledForm) -> Response:
    """Keep the sheet and go on to its preview."""
    files = filled.files("sheet")
    try:
        if len(files) != 1:
            raise Refused("请选择一份表格。")
        name = files[0].filename or ""
        kept = keep_pending_import(
            desk.bureau, files[0].file, name, use=USE, choices={}, by=desk.by, now=desk.now
        )
    except Refused as refused:
        return _choose(desk, status=422, refused=refused.reasons)
    return desk.see_other(f"/unit-import/{kept.token}")


@router.get("/unit-import/{token}")
def preview(desk: Keeps, token: str) -> Response:
    """What the sheet would change, or what is wrong with it."""
    return _preview(desk, _find(desk, token))


@router.post("/unit-import/{token}")
def confirm(desk: Keeps, token: str, filled: FilledForm) -> Response:
    """Enter the sheet that was previewed, or put it away."""
    kept = _find(desk, token)
    if filled.ticked("drop"):
        drop_pending_import(desk.bureau, kept)
        return desk.see_other("/unit-import", said="已放弃这份表格，什么也没有改动。")
    try:
        done = import_units(desk.bureau, kept.path, by=desk.by, now=desk.now)
    except Refused as refused:
        return _preview(desk, kept, refused=refused.reasons)
    drop_pending_import(desk.bureau, kept)
    said = f"新增{len(done.new)}个单位，修改{len(done.changed)}个；联系人新增{done.contacts_new}位，修改{done.contacts_changed}位，停用{done.contacts_off}位。"
    return desk.see_other("/units", said=said)


def _choose(desk: PageContext, *, status: int = 200, refused: tuple[str, ...] = ()) -> Response:
    return desk.render(
        "units/choose.html",
        title="导入单位和联系人",
        status=status,
        refused=refused,
        headings=HEADINGS,
        kinds=tuple(UNIT_KINDS.values()),
        duties=tuple(DUTIES.values()),
        channels=tuple(CHANNELS.values()),
    )


def _preview(desk: PageContext, kept: PendingImport, *, refused: tuple[str, ...] = ()) -> Response:
    done: UnitsImported | None = None
    faults: tuple[str, ...] = ()
    try:
        done = import_units(desk.bureau, kept.path, by=desk.by, now=desk.now, dry_run=True)
    except Refused as wrong:
        faults = wrong.reasons
    return desk.render(
        "units/preview.html",
        title="预览：单位和联系人",
        status=422 if refused else 200,
        kept=kept,
        done=done,
        wrong=faults,
        refused=refused,
    )


def _find(desk: PageContext, token: str) -> PendingImport:
    return find_pending_import(desk.bureau, token, use=USE, by=desk.by, now=desk.now)
