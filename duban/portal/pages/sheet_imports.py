"""Sheets of units, of a roster and of problems: chosen, previewed with every fault by its row, confirmed.

Nothing is entered before it was confirmed. What differs between the three stands in three descriptions below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.imports.pending import PendingImport, drop_pending_import, find_pending_import, keep_pending_import
from duban.imports.sheets import MOST_FAULTS, RowFaults, RowsRefused, export_faults
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Day, Files, Form, comes_back
from duban.portal.pages.problems import ADDS
from duban.portal.params import Number
from duban.portal.rendering import xlsx_response
from duban.problems.rules import PACE_NAMES
from duban.problems.service import ProblemsKept, check_problems, find_ledger, import_problems
from duban.rosters.queries import SubjectFilter
from duban.rosters.rules import left_words
from duban.rosters.service import RosterPage, list_subjects
from duban.rosters.sheets import RosterImported, RosterScope, check_roster, import_roster
from duban.units.importing import CHANNELS, DUTIES, HEADINGS, UNIT_KINDS, UnitsImported, import_units

router = APIRouter()
# So many of the problems are shown before they are entered.
SHOWN = 200


class ChosenSheet(Form):
    """The sheet; of a roster also who has to take part."""

    sheet: Files = Field(default=[], title="表格")
    registered_by: Day | None = Field(None, title="登记日期")
    without_charities: str = ""


class Confirmation(Form):
    drop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetImport:
    """One kind of sheet. `path` is where it is chosen; what is about an edition takes its id, else 0.

    `enter` (dry where its last argument is true) raises Refused; `check` finds all faults for `faults_file`.
    """

    path: str
    roles: tuple[Role, ...]
    templates: str
    about: Callable[[PageContext, int], dict[str, Any]]  # what both templates are given, `titles` of theirs
    choices: Callable[[ChosenSheet], dict[str, str]] = lambda _: {}
    enter: Callable[[PageContext, int, PendingImport, bool], Any]
    said: Callable[[Any], str]
    then: str
    check: Callable[[PageContext, int, PendingImport, int], object] | None = None
    faults_file: str = ""


def _edition(edition_id: Number) -> int:
    return edition_id


def _edition_id(desk: PageContext) -> int:
    return int(desk.request.path_params.get("edition_id", 0))


def _add_pages(kind: SheetImport) -> None:
    """The routes of one kind of sheet."""
    known = [Depends(_edition)] if "{edition_id}" in kind.path else []

    def find(desk: PageContext, token: str) -> tuple[int, PendingImport]:
        edition_id = _edition_id(desk)
        use = kind.path.format(edition_id=edition_id)
        return edition_id, find_pending_import(desk.bureau, token, use=use, by=desk.by, now=desk.now)

    @router.get(kind.path, dependencies=known)
    def choose(desk: PageContext = allow(*kind.roles)) -> Response:
        """Where a sheet is chosen."""
        about = kind.about(desk, _edition_id(desk))
        return desk.render(f"{kind.templates}/choose.html", title=about["titles"][0], **about)

    @router.post(kind.path, dependencies=known)
    @comes_back(choose)
    def receive(desk: PageContext = allow(*kind.roles), *, form: ChosenSheet) -> Response:
        """Keep the sheet and go on to its preview."""
        path = kind.path.format(edition_id=_edition_id(desk))
        kind.about(desk, _edition_id(desk))
        if len(form.sheet) != 1:
            raise Refused("请选择一份表格。")
        kept = keep_pending_import(
            desk.bureau,
            form.sheet[0].file,
            form.sheet[0].filename or "",
            use=path,
            choices=kind.choices(form),
            by=desk.by,
            now=desk.now,
        )
        return desk.see_other(f"{path}/{kept.token}")

    @router.get(kind.path + "/{token}", dependencies=known)
    def preview(desk: PageContext = allow(*kind.roles), *, token: str) -> Response:
        """What the sheet would change, or what is wrong with it."""
        edition_id, kept = find(desk, token)
        about, back = kind.about(desk, edition_id), kind.path.format(edition_id=edition_id)
        faulty: RowFaults | None = None
        refused, done = desk.attempt.refused, None
        try:
            done = kind.enter(desk, edition_id, kept, True)
        except RowsRefused as rows:
            faulty = rows.faulty
        except Refused as whole:
            refused = whole.reasons
        given = {"kept": kept, "faulty": faulty, "done": done, "refused": refused, **about}
        return desk.render(
            f"{kind.templates}/preview.html",
            title=about["titles"][1],
            status=422 if refused else 200,
            back=back,
            path=f"{back}/{kept.token}",
            **given,
        )

    @router.post(kind.path + "/{token}", dependencies=known)
    @comes_back(preview)
    def confirm(desk: PageContext = allow(*kind.roles), *, token: str, form: Confirmation) -> Response:
        """Enter the sheet that was previewed, or put it away."""
        edition_id, kept = find(desk, token)
        if form.drop:
            drop_pending_import(kept)
            back = kind.path.format(edition_id=edition_id)
            return desk.see_other(back, said="已放弃这份表格，什么也没有改动。")
        done = kind.enter(desk, edition_id, kept, False)
        drop_pending_import(kept)
        return desk.see_other(kind.then.format(edition_id=edition_id), said=kind.said(done))

    if kind.check is None:
        return
    check = kind.check

    @router.get(kind.path + "/{token}/faults.xlsx", dependencies=known)
    def faults(desk: PageContext = allow(*kind.roles), *, token: str) -> Response:
        """Every fault of the sheet as a sheet."""
        edition_id, kept = find(desk, token)
        try:
            check(desk, edition_id, kept, MOST_FAULTS)
        except RowsRefused as refused:
            faulty = refused.faulty
            return xlsx_response(kind.faults_file, lambda path: export_faults(faulty, kept.filename, to=path))
        raise NotFound("这份表格现在没有错误，可以直接确认导入。")


def _about_units(_desk: PageContext, _none: int) -> dict[str, Any]:
    return {
        "titles": ("导入单位和联系人", "预览：单位和联系人"),
        "headings": HEADINGS,
        "kinds": tuple(UNIT_KINDS.values()),
        "duties": tuple(DUTIES.values()),
        "channels": tuple(CHANNELS.values()),
    }


def _enter_units(desk: PageContext, _none: int, kept: PendingImport, dry_run: bool) -> UnitsImported:
    return import_units(desk.bureau, kept.path, by=desk.by, now=desk.now, dry_run=dry_run)


def _units_said(done: UnitsImported) -> str:
    return (
        f"新增{len(done.new)}个单位，修改{len(done.changed)}个；联系人新增{done.contacts_new}位，"
        f"修改{done.contacts_changed}位，停用{done.contacts_off}位。"
    )


def _roster(desk: PageContext, edition_id: int) -> RosterPage:
    return list_subjects(desk.bureau, edition_id, SubjectFilter(), by=desk.by, page_size=1)


def _about_roster(desk: PageContext, edition_id: int) -> dict[str, Any]:
    found = _roster(desk, edition_id)
    named = f"{found.name}{found.year}年名册"
    return {"titles": (f"导入{named}", f"预览：{named}"), "found": found}


def _roster_choices(form: ChosenSheet) -> dict[str, str]:
    return {
        "registered_by": form.registered_by.isoformat() if form.registered_by else "",
        "without_charities": "1" if form.without_charities else "",
    }


def _scope(kept: PendingImport) -> RosterScope:
    day = kept.choices.get("registered_by")
    return RosterScope(
        registered_by=date.fromisoformat(day) if day else None,
        without_charities=bool(kept.choices.get("without_charities")),
    )


def _check_roster(desk: PageContext, edition_id: int, kept: PendingImport, keep: int) -> int:
    found = _roster(desk, edition_id)
    return check_roster(
        desk.bureau,
        found.campaign,
        found.year,
        kept.path,
        by=desk.by,
        now=desk.now,
        scope=_scope(kept),
        keep=keep,
    )


def _enter_roster(desk: PageContext, edition_id: int, kept: PendingImport, dry_run: bool) -> RosterImported:
    if dry_run:  # nobody waits for a faulty sheet
        _check_roster(desk, edition_id, kept, 200)
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


def _roster_said(done: RosterImported) -> str:
    if done.unchanged:
        return f"名册已是这一份（{done.subjects}个对象），没有改动。"
    return (
        f"已导入{done.subjects}个对象：新增{done.new}个、变更{done.changed}个、不再列入{done.gone}个；"
        f"任务新增{done.obligations_new}项、撤销{done.obligations_cancelled}项、恢复{done.obligations_returned}项，"
        f"报结{done.obligations_submitted}项、销号{done.obligations_closed}项。"
        + left_words(done.obligations_left)
    )


def _about_problems(desk: PageContext, edition_id: int) -> dict[str, Any]:
    entry = find_ledger(desk.bureau, edition_id, by=desk.by)
    titles = ("导入问题清单", "预览：问题清单")
    return {"titles": titles, "entry": entry, "shown": SHOWN, "PACE_NAMES": PACE_NAMES}


def _check_problems(desk: PageContext, edition_id: int, kept: PendingImport, keep: int) -> None:
    check_problems(desk.bureau, edition_id, kept.path, by=desk.by, now=desk.now, keep=keep)


def _enter_problems(desk: PageContext, edition_id: int, kept: PendingImport, dry_run: bool) -> ProblemsKept:
    return import_problems(desk.bureau, edition_id, kept.path, by=desk.by, now=desk.now, dry_run=dry_run)


_add_pages(
    SheetImport(
        path="/unit-import",
        roles=(Role.COORDINATOR,),
        templates="units",
        about=_about_units,
        enter=_enter_units,
        said=_units_said,
        then="/units",
    )
)
_add_pages(
    SheetImport(
        path="/rosters/{edition_id}/import",
        roles=(Role.COORDINATOR,),
        templates="rosters",
        about=_about_roster,
        choices=_roster_choices,
        enter=_enter_roster,
        said=_roster_said,
        then="/rosters/{edition_id}",
        check=_check_roster,
        faults_file="名册错误清单.xlsx",
    )
)
_add_pages(
    SheetImport(
        path="/problems/{edition_id}/import",
        roles=ADDS,
        templates="problems",
        about=_about_problems,
        enter=_enter_problems,
        said=lambda done: f"已登记{len(done.added)}个问题、{done.measures}条措施。",
        then="/problems/{edition_id}",
        check=_check_problems,
        faults_file="问题清单错误.xlsx",
    )
)
