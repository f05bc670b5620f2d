"""Which pages each role finds in its navigation, and where it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from duban.core.access import Role

if TYPE_CHECKING:
    from duban.portal.context import PageContext


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
    Link("/rosters", "名册", frozenset({_C, _R, _L, _A, _H})),
    Link("/problems", "问题台账", frozenset({_C, _R, _L, _A, _H})),
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
        return tuple(link for link in LINKS if link.path == "/my")
    return tuple(link for link in LINKS if desk.by.roles & link.roles)


def start_page(roles: frozenset[Role]) -> str:
    """The first page after signing in; without any role, the person's own account."""
    return next((path for role, path in STARTS if role in roles), "/account")
