"""How pages look: templates and their words, the navigation, the word left for the next page, sheets to download."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Response
from fastapi.responses import FileResponse, HTMLResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.background import BackgroundTask

from calendars.ladders import RUNG_NAMES
from calendars.model import KIND_NAMES
from duban.core.access import ROLE_NAMES, Role
from duban.core.clock import ZONE
from duban.core.lights import LIGHT_WORDS
from duban.editions.unscheduled import missing_in_january
from duban.obligations.states import STATE_NAMES, TRANSITION_NAMES
from duban.obligations.support_queries import leads_in_words
from duban.obligations.support_rules import SUPPORT_STATE_NAMES
from duban.portal.access import remember_visitor
from duban.problems.rules import PROBLEM_STATE_NAMES, ledger_words

if TYPE_CHECKING:
    from duban.portal.context import PageContext


FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
WEEKDAYS = "一二三四五六日"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAID = "duban_said"
_SAID_SECONDS = 60
_C, _R, _L = Role.COORDINATOR, Role.REVIEWER, Role.LEADER
_H, _O, _A, _S = Role.HANDLER, Role.OPERATOR, Role.AUDITOR, Role.SECURITY


@dataclass(frozen=True, slots=True)
class Link:
    """One entry; `path` is where it leads and what the address of its pages begins with."""

    path: str
    text: str
    roles: frozenset[Role]


LINKS = (
    Link("/board", "总览", frozenset({_L, _C, _R, _A})),
    Link("/decisions", "待我决定", frozenset({_L})),
    Link("/my", "我的任务", frozenset({_H})),
    Link("/queues", "待办", frozenset({_C, _R})),
    Link("/obligations", "任务台账", frozenset({_C, _R, _L, _A})),
    Link("/year", "全年安排", frozenset({_C, _L})),
    Link("/editions", "专项行动", frozenset({_C})),
    Link("/events", "待定时限", frozenset({_C, _H})),
    Link("/rosters", "名册", frozenset({_C, _R, _L, _A, _H})),
    Link("/problems", "问题台账", frozenset({_C, _R, _L, _A, _H})),
    Link("/support", "配合", frozenset({_C, _R, _L, _A, _H})),
    Link("/figures", "数据", frozenset({_C, _R, _L, _A, _H})),
    Link("/ranking", "比较", frozenset({_L, _C})),
    Link("/runs", "运行记录", frozenset({_L, _C, _O, _A})),
    Link("/dispatches", "发送", frozenset({_O})),
    Link("/units", "单位", frozenset({_C, _O})),
    Link("/people", "人员", frozenset({_C, _O})),
    Link("/notices", "工作日", frozenset({_C})),
    Link("/audit", "留痕", frozenset({_A})),
    Link("/accounts", "账号", frozenset({_S})),
    Link("/tokens", "接口", frozenset({_S})),
)
# Whoever has several roles starts where the first of these leads.
STARTS = (
    (_L, "/board"),
    (_C, "/queues"),
    (_R, "/queues"),
    (_H, "/my"),
    (_A, "/audit"),
    (_S, "/accounts"),
    (_O, "/runs"),
)


def navigation_links(desk: PageContext) -> tuple[Link, ...]:
    """What this person finds; who came by a link has only the unit's own page."""
    if desk.by_link:
        return tuple(link for link in LINKS if link.path in ("/my", "/support"))
    return tuple(link for link in LINKS if desk.by.roles & link.roles)


def start_page(roles: frozenset[Role]) -> str:
    """The first page after signing in; without any role, the person's own account."""
    return next((path for role, path in STARTS if role in roles), "/account")


class Renderer:
    """One per application; holds the key that signs the word for the next page. All share the compiled templates."""

    def __init__(self, key: str, *, https: bool) -> None:
        self._said = URLSafeTimedSerializer(key, salt="said")
        self.https = https
        self.templates = _environment()

    def page(
        self,
        desk: PageContext,
        template: str,
        *,
        title: str,
        status: int,
        headers: Mapping[str, str] | None,
        **context: Any,
    ) -> Response:
        said = self._word(desk)
        html = self.templates.get_template(template).render(
            desk=desk,
            title=title,
            said=said,
            links=navigation_links(desk),
            unscheduled=missing_in_january(desk.bureau, desk.today, by=desk.by) if desk.signed_in else (),
            here=desk.request.url.path,
            csrf=lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(desk.csrf),
            **context,
        )
        answer = HTMLResponse(html, status_code=status, headers=dict(headers or {}))
        if said:
            answer.delete_cookie(_SAID)
        if not desk.signed_in:
            remember_visitor(desk.request, answer, https=self.https)
        return answer

    def leave_word(self, answer: Response, said: str) -> None:
        """`said` is shown once, on whatever page this browser opens next."""
        token = str(self._said.dumps(said))
        answer.set_cookie(
            _SAID, token, max_age=_SAID_SECONDS, httponly=True, samesite="lax", secure=self.https
        )

    def _word(self, desk: PageContext) -> str:
        try:
            return str(self._said.loads(desk.request.cookies.get(_SAID, ""), max_age=_SAID_SECONDS))
        except BadData:
            return ""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        day=day, full_day=full_day, month_day=month_day, moment=moment, amount=amount, size=size
    )
    made.globals.update(
        static=static,
        STATE_NAMES=STATE_NAMES,
        VERB_NAMES=TRANSITION_NAMES,
        ROLE_NAMES=ROLE_NAMES,
        LIGHT_WORDS=LIGHT_WORDS,
        RUNG_NAMES=RUNG_NAMES,
        KIND_NAMES=KIND_NAMES,
        PROBLEM_STATE_NAMES=PROBLEM_STATE_NAMES,
        SUPPORT_STATE_NAMES=SUPPORT_STATE_NAMES,
        leads_in_words=leads_in_words,
        ledger_words=ledger_words,
    )
    return made


@lru_cache
def static(name: str) -> str:
    """The address of one of our own files, with its content's mark: browsers may keep it until it changes."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


def day(value: date | None) -> str:
    """3月31日 周二; an empty date is a dash."""
    return "—" if value is None else f"{value.month}月{value.day}日 周{WEEKDAYS[value.weekday()]}"


def full_day(value: date | None) -> str:
    """2026年3月31日."""
    return "—" if value is None else f"{value.year}年{value.month}月{value.day}日"


def month_day(value: date | None) -> str:
    """3月31日."""
    return "—" if value is None else f"{value.month}月{value.day}日"


def moment(value: datetime | None) -> str:
    """2026年3月31日 08:30, Beijing time."""
    if value is None:
        return "—"
    local = value.astimezone(ZONE)
    return f"{full_day(local.date())} {local:%H:%M}"


def amount(value: Decimal | None) -> str:
    """A figure without the zeros that its storage adds."""
    return "—" if value is None else f"{value.normalize():f}"


def size(value: int | None) -> str:
    """A file's size as people say it."""
    if value is None:
        return "—"
    for limit, unit in ((1024**2, "MB"), (1024, "KB")):
        if value >= limit:
            return f"{value / limit:.1f}".removesuffix(".0") + f" {unit}"
    return f"{value} 字节"


def xlsx_response(name: str, write: Callable[[Path], object]) -> Response:
    """`write` fills the file; `name` is what the browser keeps it as."""
    with tempfile.NamedTemporaryFile(prefix="duban-", suffix=".xlsx", delete=False) as made:
        path = Path(made.name)
    try:
        write(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(path, filename=name, media_type=XLSX, background=BackgroundTask(path.unlink))
