"""A sheet of problems: chosen, previewed with every fault or every problem, confirmed. Nothing is entered before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.core.errors import NotFound, Refused
from duban.imports.faults import MOST_FAULTS, FaultySheet, RowsRefused, export_faults
from duban.imports.pending import PendingImport, drop_pending_import, find_pending_import, keep_pending_import
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import FilledForm
from duban.portal.pages.problems import ADDS
from duban.portal.params import Number
from duban.portal.rendering import xlsx_response
from duban.problems.lists import find_ledger
from duban.problems.rules import PACE_NAMES
from duban.problems.service import ProblemsKept, check_problems, import_problems

router = APIRouter()
# So many of the problems are shown before they are entered.
SHOWN = 200


@router.get("/problems/{edition_id}/import")
def choose(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number) -> Response:
    """Where a sheet is chosen."""
    return _choose(desk, edition_id)


@router.post("/problems/{edition_id}/import")
def receive(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number, filled: FilledForm) -> Response:
    """Keep the sheet and go on to its preview."""
    files = filled.files("sheet")
    try:
        find_ledger(desk.bureau, edition_id, by=desk.by)
        if len(files) != 1:
            raise Refused("请选择一份表格。")
        kept = keep_pending_import(
            desk.bureau,
            files[0].file,
            files[0].filename or "",
            use=_use(edition_id),
            choices={},
            by=desk.by,
            now=desk.now,
        )
    except Refused as refused:
        return _choose(desk, edition_id, status=422, refused=refused.reasons)
    return desk.see_other(f"/problems/{edition_id}/import/{kept.token}")


@router.get("/problems/{edition_id}/import/{token}")
def preview(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number, token: str) -> Response:
    """The problems the sheet would enter, or what is wrong with it."""
    return _preview(desk, edition_id, _find(desk, edition_id, token))


@router.get("/problems/{edition_id}/import/{token}/faults.xlsx")
def faults(desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number, token: str) -> Response:
    """Every fault of the sheet as a sheet."""
    kept = _find(desk, edition_id, token)
    try:
        check_problems(desk.bureau, edition_id, kept.path, by=desk.by, keep=MOST_FAULTS)
    except RowsRefused as refused:
        faulty = refused.faulty
        return xlsx_response("问题清单错误.xlsx", lambda path: export_faults(faulty, kept.filename, to=path))
    raise NotFound("这份表格现在没有错误，可以直接确认导入。")


@router.post("/problems/{edition_id}/import/{token}")
def confirm(
    desk: Annotated[PageContext, allow(*ADDS)], edition_id: Number, token: str, filled: FilledForm
) -> Response:
    """Enter the sheet that was previewed, or put it away."""
    kept = _find(desk, edition_id, token)
    if filled.ticked("drop"):
        drop_pending_import(desk.bureau, kept)
        return desk.see_other(f"/problems/{edition_id}/import", said="已放弃这份表格，什么也没有改动。")
    try:
        done = import_problems(desk.bureau, edition_id, kept.path, by=desk.by, now=desk.now)
    except Refused as refused:
        return _preview(desk, edition_id, kept, refused=refused.reasons)
    drop_pending_import(desk.bureau, kept)
    return desk.see_other(
        f"/problems/{edition_id}", said=f"已登记{len(done.added)}个问题、{done.measures}条措施。"
    )


def _choose(
    desk: PageContext, edition_id: int, *, status: int = 200, refused: tuple[str, ...] = ()
) -> Response:
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    return desk.render(
        "problems/choose.html", title="导入问题清单", status=status, entry=entry, refused=refused
    )


def _preview(
    desk: PageContext, edition_id: int, kept: PendingImport, *, refused: tuple[str, ...] = ()
) -> Response:
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    faulty: FaultySheet | None = None
    done: ProblemsKept | None = None
    try:
        done = import_problems(desk.bureau, edition_id, kept.path, by=desk.by, now=desk.now, dry_run=True)
    except RowsRefused as rows:
        faulty = rows.faulty
    except Refused as whole:
        refused = whole.reasons
    return desk.render(
        "problems/preview.html",
        title="预览：问题清单",
        status=422 if refused else 200,
        entry=entry,
        kept=kept,
        faulty=faulty,
        done=done,
        shown=SHOWN,
        refused=refused,
        back=f"/problems/{edition_id}/import",
        PACE_NAMES=PACE_NAMES,
    )


def _find(desk: PageContext, edition_id: int, token: str) -> PendingImport:
    return find_pending_import(desk.bureau, token, use=_use(edition_id), by=desk.by, now=desk.now)


def _use(edition_id: int) -> str:
    return f"problems/{edition_id}"
