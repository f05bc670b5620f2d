"""专项行动: drafts with what applying them will do, the list, one edition, a new one by form or file, moving a date."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, field_validator

from calendars.deadlines.rolling import DAYS, WAYS
from calendars.writing import HandEdition, hand_text
from duban.core.access import Role
from duban.core.errors import NotFound, Refused
from duban.editions.drafts import (
    DraftMade,
    NewDate,
    apply_draft,
    change_date,
    derive_draft,
    drop_draft,
    forecast_date,
    forecast_draft,
    list_drafts,
    make_draft,
    rebase_draft,
    save_draft,
    show_draft,
)
from duban.editions.forecast import Impact, forecast_move, forecast_publishing
from duban.editions.pages import explain_phrase, show_calendar, show_edition
from duban.editions.service import (
    STATE_NAMES,
    EditionChange,
    EditionMoved,
    move_edition,
    publish_edition,
    supports_in_words,
)
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.edition_form import KINDS, hand_edition, uploaded_text
from duban.portal.forms import FilledForm, Form, Line, VersionedForm, comes_back, fault
from duban.portal.pages.year import LOOKING, year_or_refuse
from duban.portal.params import Number, Year

router = APIRouter()
Keeping = Annotated[PageContext, allow(Role.COORDINATOR)]


class SavedText(VersionedForm):
    text: str = ""

    @field_validator("text")
    @classmethod
    def _written(cls, text: str) -> str:
        if not text.strip():
            raise fault("草稿是空的，请写上内容；不要这份草稿的，请点作废。")
        return text


class Compared(VersionedForm):
    seen: Line = Field("", title="现行版本")


class Applying(VersionedForm):
    reason: Line = Field(title="原因")
    publish: str = ""


@router.get("/editions/drafts/{draft_id}")
def one_draft(desk: Keeping, draft_id: Number) -> Response:
    shown = show_draft(desk.bureau, draft_id, by=desk.by)
    title = f"草稿：{shown.draft.name}{shown.draft.year}年"
    return desk.render("planning/draft.html", title=title, shown=shown, typed=desk.typed.get("text"))


@router.post("/editions/drafts/{draft_id}")
@comes_back(one_draft)
def save(desk: Keeping, draft_id: Number, form: SavedText) -> Response:
    save_draft(desk.bureau, draft_id, form.text, **form.acted_by(desk))
    return desk.see_other(f"/editions/drafts/{draft_id}", said="已保存。")


@router.post("/editions/drafts/{draft_id}/drop")
@comes_back(one_draft)
def drop(desk: Keeping, draft_id: Number, form: VersionedForm) -> Response:
    drop_draft(desk.bureau, draft_id, **form.acted_by(desk))
    return desk.see_other("/editions", said="草稿已作废。")


@router.post("/editions/drafts/{draft_id}/checked")
@comes_back(one_draft)
def checked(desk: Keeping, draft_id: Number, form: Compared) -> Response:
    """The draft was compared with the edition as it is now."""
    rebase_draft(desk.bureau, draft_id, seen=form.seen, **form.acted_by(desk))
    return desk.see_other(f"/editions/drafts/{draft_id}", said="已记为核对过，可以应用。")


@router.get("/editions/drafts/{draft_id}/preview")
def preview(desk: Keeping, draft_id: Number) -> Response:
    shown = show_draft(desk.bureau, draft_id, by=desk.by)
    foreseen, refused = None, desk.attempt.refused
    try:
        foreseen = forecast_draft(
            desk.bureau, draft_id, version=shown.draft.version, by=desk.by, now=desk.now
        )
    except Refused as impossible:
        refused = refused or impossible.reasons
    return desk.render(
        "planning/preview.html",
        title=f"应用草稿：{shown.draft.name}{shown.draft.year}年",
        shown=shown,
        foreseen=foreseen,
        refused=refused,
    )


@router.post("/editions/drafts/{draft_id}/apply")
@comes_back(preview)
def apply(desk: Keeping, draft_id: Number, form: Applying) -> Response:
    done = apply_draft(
        desk.bureau, draft_id, publish=bool(form.publish), reason=form.reason, **form.acted_by(desk)
    )
    told = f"，告知{len(done.told)}个单位" if done.told else ""
    said = (
        f"{done.name}{done.year}年（{STATE_NAMES[done.state]}）：任务新增{done.obligations_new}项、"
        f"改期{done.obligations_moved}项、撤销{done.obligations_cancelled}项{supports_in_words(done)}{told}。"
    )
    return desk.see_other(f"/editions/{done.campaign}/{done.year}", said=said)


Looking = Annotated[PageContext, allow(*LOOKING)]
SAID_MOST = 300


class DateForm(Form):
    """Without the superior's limit the edition has none: the page always sends what stands."""

    phrase: Annotated[Line, Field(max_length=200)] = Field(title="新的时限")
    hard_due: Line = Field("", title="上级时限")
    reason: Line = Field(title="原因")
    seen: Line = Field(title="版本")


class MoveForm(Form):
    reason: Line = Field(title="原因")


MOVE_WORDS = {"publish": "发布", "pause": "暂停", "resume": "恢复", "withdraw": "撤回"}


@router.get("/editions")
def list_editions(desk: Looking, year: int | None = None) -> Response:
    chosen = year_or_refuse(desk, year)
    keeps = desk.has(Role.COORDINATOR)
    return desk.render(
        "planning/editions.html",
        title=f"{chosen}年专项行动",
        year=chosen,
        editions=show_calendar(desk.bureau, chosen, by=desk.by),
        drafts=list_drafts(desk.bureau, by=desk.by) if keeps else (),
        keeps=keeps,
        EDITION_STATES=STATE_NAMES,
    )


@router.get("/editions/new")
def new_edition(desk: Keeping, year: int | None = None) -> Response:
    return _new(desk, {"year": str(year_or_refuse(desk, year))})


@router.post("/editions/roll")
def roll(desk: Keeping, filled: FilledForm) -> Response:
    """A draft from last year's edition."""
    campaign = filled.line("campaign", "专项行动", required=True)
    to_year = filled.whole("year", "年份", required=True)
    try:
        filled.refuse_faults()
        assert to_year is not None, "refused above"
        made = derive_draft(desk.bureau, campaign, to_year - 1, to_year=to_year, by=desk.by, now=desk.now)
    except Refused as refused:
        return _new(desk, filled.values, refused, filled.faults)
    notes = "".join(made.notes)
    # What is said once travels in a cookie, which has its limit; the draft itself shows every open target.
    shown = notes if len(notes) <= SAID_MOST else f"{notes[:SAID_MOST]}……"
    return _to_draft(desk, made, f"草稿已结转。{shown}")


@router.post("/editions/upload")
def upload(desk: Keeping, filled: FilledForm) -> Response:
    """A draft from a campaign file."""
    try:
        text = uploaded_text(filled)
        made = make_draft(desk.bureau, text, by=desk.by, now=desk.now)
    except Refused as refused:
        return _new(desk, filled.values, refused, filled.faults)
    return _to_draft(desk, made, "文件已收为草稿，请核对读出的日期。")


@router.post("/editions/by-hand")
def by_hand(desk: Keeping, filled: FilledForm) -> Response:
    """A draft from the fields of a form."""
    try:
        filled_in: HandEdition = hand_edition(filled)
        made = make_draft(desk.bureau, hand_text(filled_in), by=desk.by, now=desk.now)
    except Refused as refused:
        return _new(desk, filled.values, refused, filled.faults)
    return _to_draft(desk, made, "草稿已建好，请核对读出的日期。")


@router.get("/editions/{campaign}/{year}")
def one_edition(desk: Looking, campaign: str, year: Year) -> Response:
    page = show_edition(desk.bureau, campaign, year, by=desk.by)
    return desk.render(
        "planning/edition.html",
        title=f"{page.value.name}{year}年",
        page=page,
        keeps=desk.has(Role.COORDINATOR),
        EDITION_STATES=STATE_NAMES,
        ROLL_WAYS=WAYS,
        ROLL_DAYS=DAYS,
    )


@router.post("/editions/{campaign}/{year}/draft")
def draft_of(desk: Keeping, campaign: str, year: Year) -> Response:
    """A draft of the edition in force, for changes of more than one date."""
    made = derive_draft(desk.bureau, campaign, year, to_year=year, by=desk.by, now=desk.now)
    said = "已按现行版本起草，改好后先看会发生什么，再应用。"
    return desk.see_other(f"/editions/drafts/{made.draft_id}", said=said)


@router.get("/editions/{campaign}/{year}/dates/{key}")
def ask_date(
    desk: Keeping,
    campaign: str,
    year: Year,
    key: str,
    phrase: str = "",
    hard_due: str | None = None,
) -> Response:
    """The phrase, how it reads, and all that the change will do; nothing is changed here."""
    asked = {"phrase": phrase} if hard_due is None else {"phrase": phrase, "hard_due": hard_due}
    typed = dict(desk.typed) or asked
    page = show_edition(desk.bureau, campaign, year, by=desk.by)
    milestone = next((one.value for one in page.milestones if one.value.key == key), None)
    if milestone is None:
        raise NotFound(f"{page.value.name}{year}年没有这个节点，请从专项行动页重新进入。")
    due = typed.get("phrase", "").strip()
    foreseen, refused = None, desk.attempt.refused
    read = explain_phrase(desk.bureau, due, year, by=desk.by, campaign=campaign) if due else None
    if read and not read.reason:
        new = NewDate(campaign=campaign, year=year, key=key, due=due, hard_due=typed.get("hard_due"))
        try:
            foreseen = forecast_date(desk.bureau, new, by=desk.by, now=desk.now)
        except Refused as impossible:
            refused = refused or impossible.reasons
    return desk.render(
        "planning/date.html",
        title=f"改时限：{milestone.title}",
        page=page,
        milestone=milestone,
        typed=typed,
        read=read,
        foreseen=foreseen,
        refused=refused,
    )


@router.post("/editions/{campaign}/{year}/dates/{key}")
@comes_back(ask_date)
def set_date(desk: Keeping, campaign: str, year: Year, key: str, form: DateForm) -> Response:
    new = NewDate(
        campaign=campaign,
        year=year,
        key=key,
        due=form.phrase,
        hard_due=form.hard_due,
        reason=form.reason,
        seen=form.seen,
    )
    done = change_date(desk.bureau, new, by=desk.by, now=desk.now)
    told = f"，已告知{len(done.told)}个单位" if done.told else ""
    said = f"时限已改：任务改期{done.obligations_moved}项{told}。"
    return desk.see_other(f"/editions/{campaign}/{year}#m-{key}", said=said)


@router.get("/editions/{campaign}/{year}/states/{verb}")
def ask_move(desk: Keeping, campaign: str, year: Year, verb: str) -> Response:
    """What publishing, pausing, resuming or withdrawing will do."""
    if verb not in MOVE_WORDS:
        raise NotFound("没有这一种办理，请从专项行动页重新进入。")
    page = show_edition(desk.bureau, campaign, year, by=desk.by)
    foreseen: Impact[EditionChange] | Impact[EditionMoved] | None = None
    refused = desk.attempt.refused
    try:
        if verb == "publish":
            foreseen = forecast_publishing(desk.bureau, campaign, year, by=desk.by, now=desk.now)
        else:
            foreseen = forecast_move(desk.bureau, verb, campaign, year, by=desk.by, now=desk.now)
    except NotFound:
        raise
    except Refused as impossible:
        refused = refused or impossible.reasons
    return desk.render(
        "planning/move.html",
        title=f"{MOVE_WORDS[verb]}{page.value.name}{year}年",
        page=page,
        verb=verb,
        word=MOVE_WORDS[verb],
        foreseen=foreseen,
        refused=refused,
        EDITION_STATES=STATE_NAMES,
    )


@router.post("/editions/{campaign}/{year}/states/{verb}")
@comes_back(ask_move)
def move(desk: Keeping, campaign: str, year: Year, verb: str, form: MoveForm) -> Response:
    if verb not in MOVE_WORDS:
        raise NotFound("没有这一种办理，请从专项行动页重新进入。")
    if verb == "publish":
        done = publish_edition(desk.bureau, campaign, year, reason=form.reason, by=desk.by, now=desk.now)
        said = f"已发布，新增任务{done.obligations_new}项。"
    else:
        moved = move_edition(desk.bureau, verb, campaign, year, reason=form.reason, by=desk.by, now=desk.now)
        cancelled = f"，撤销未办结任务{moved.cancelled}项" if moved.cancelled else ""
        said = f"{moved.name}{year}年现为“{STATE_NAMES[moved.state]}”{cancelled}。"
    return desk.see_other(f"/editions/{campaign}/{year}", said=said)


def _new(
    desk: PageContext,
    typed: dict[str, str],
    refused: Refused | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    year = (
        int(typed["year"])
        if typed.get("year", "").isdecimal() and len(typed["year"]) == 4
        else desk.today.year
    )
    before = show_calendar(desk.bureau, year - 1, by=desk.by)
    return desk.render(
        "planning/new.html",
        title="新建专项行动",
        status=422 if refused else 200,
        year=year,
        before=before,
        here_already={one.campaign for one in show_calendar(desk.bureau, year, by=desk.by)},
        typed=typed,
        faults=faults or {},
        refused=refused.reasons if refused else (),
        kinds=KINDS,
        ladders=[(one.key, one.name) for one in desk.bureau.ladders.values()],
    )


def _to_draft(desk: PageContext, made: DraftMade, said: str) -> Response:
    return desk.see_other(f"/editions/drafts/{made.draft_id}", said=said)
