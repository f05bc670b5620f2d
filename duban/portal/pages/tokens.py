"""Tokens of other systems: made, shown once, revoked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from duban.accounts.rules import MOST_TOKEN_DAYS, SCOPE_NAMES, TokenScope
from duban.accounts.tokens import MadeToken, list_client_tokens, make_client_token, revoke_client_token
from duban.core.access import Role
from duban.core.errors import Refused
from duban.portal.access import allow
from duban.portal.context import PageContext
from duban.portal.forms import Filled, FilledForm
from duban.portal.params import Number
from duban.units.people import person_named

router = APIRouter()
Security = Annotated[PageContext, allow(Role.SECURITY)]
_SCOPES = {"read": (TokenScope.READ,), "write": (TokenScope.READ, TokenScope.WRITE)}


@router.get("/tokens")
def tokens(desk: Security) -> Response:
    """Every token that was made."""
    return _page(desk)


@router.post("/tokens")
def make(desk: Security, filled: FilledForm) -> Response:
    """Make one; it is on this answer and nowhere else."""
    name, person = (
        filled.line("name", "系统名称", required=True),
        filled.line("person", "代表人员", required=True),
    )
    scope = filled.choice("scope", "权限", _SCOPES)
    days = filled.whole("days", "有效天数", required=True)
    try:
        filled.refuse_faults()
        assert scope is not None and days is not None, "required"
        bearer = person_named(desk.bureau, person)
        assert bearer.person_id is not None, "a person"
        made = make_client_token(
            desk.bureau,
            name=name,
            person_id=bearer.person_id,
            scopes=_SCOPES[scope],
            days=days,
            by=desk.by,
            now=desk.now,
        )
    except Refused as refused:
        return _page(desk, filled=filled, reasons=refused.reasons)
    return _page(desk, made=made)


@router.post("/tokens/{token_id}/revoke")
def revoke(desk: Security, token_id: Number) -> Response:
    """End one."""
    found = revoke_client_token(desk.bureau, token_id, by=desk.by, now=desk.now)
    return desk.see_other("/tokens", said=f"“{found.name}”的令牌已撤销。")


def _page(
    desk: PageContext,
    *,
    filled: Filled | None = None,
    reasons: tuple[str, ...] = (),
    made: MadeToken | None = None,
) -> Response:
    return desk.render(
        "accounts/tokens.html",
        title="接口令牌",
        status=422 if reasons else 200,
        tokens=list_client_tokens(desk.bureau, by=desk.by),
        scope_names=SCOPE_NAMES,
        scopes=[("read", "只读取"), ("write", "读取和写入")],
        most_days=MOST_TOKEN_DAYS,
        made=made,
        reasons=reasons,
        typed=filled.values if filled else {},
        faults=filled.faults if filled else {},
    )
