"""Who may have which route: written by hand, so that a slip in a route's own declaration is seen here.

`own` marks routes about one unit's matter: somebody of another unit is told that it does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from duban.core.access import Role

VISITOR, LINK = "visitor", "link"
C, R, L = Role.COORDINATOR.value, Role.REVIEWER.value, Role.LEADER.value
H, O, A, S = Role.HANDLER.value, Role.OPERATOR.value, Role.AUDITOR.value, Role.SECURITY.value  # noqa: E741  # the initials are easier to scan in a table
SIGNED_IN = frozenset({C, R, L, H, O, A, S})
EVERYBODY = SIGNED_IN | {LINK, VISITOR}


@dataclass(frozen=True, slots=True)
class Row:
    """One route: who is let in, and whether it is about one unit's own matter."""

    who: frozenset[str]
    own: bool = False


def row(*who: str, own: bool = False) -> Row:
    return Row(frozenset(who), own)


MATRIX: dict[str, Row] = {
    "GET /": Row(SIGNED_IN | {LINK}),
    "GET /healthz": Row(EVERYBODY),
    # Coming in, one's own account, and the separate posts of security and audit
    "GET /sign-in": Row(EVERYBODY),
    "POST /sign-in": Row(EVERYBODY),
    "POST /sign-out": Row(SIGNED_IN | {LINK}),
    "GET /once/{token}": Row(EVERYBODY),
    "POST /once/{token}": Row(EVERYBODY),
    "GET /l/{token}": Row(EVERYBODY),
    "POST /l/{token}": Row(EVERYBODY),
    "GET /oidc/start": Row(EVERYBODY),
    "GET /oidc/callback": Row(EVERYBODY),
    "GET /account": Row(SIGNED_IN),
    "GET /account/password": Row(SIGNED_IN),
    "POST /account/password": Row(SIGNED_IN),
    "POST /account/sessions/{session_id}/end": Row(SIGNED_IN),
    "POST /account/sessions/end-others": Row(SIGNED_IN),
    "GET /kept/{kept_id}": Row(SIGNED_IN | {LINK}),
    "POST /kept/{kept_id}/drop": Row(SIGNED_IN | {LINK}),
    "GET /accounts": row(S),
    "POST /accounts": row(S),
    "GET /accounts/links": row(S),
    "POST /accounts/links": row(S),
    "GET /accounts/{person_id}": row(S),
    "POST /accounts/{person_id}/one-time": row(S),
    "POST /accounts/{person_id}/unlock": row(S),
    "POST /accounts/{person_id}/end-sessions": row(S),
    "POST /accounts/{person_id}/give-role": row(S),
    "POST /accounts/{person_id}/take-role": row(S),
    "POST /accounts/{person_id}/subject": row(S),
    "GET /people/{person_id}/access": row(C),
    "POST /people/{person_id}/one-time": row(C),
    "POST /people/{person_id}/units": row(C),
    "GET /tokens": row(S),
    "POST /tokens": row(S),
    "POST /tokens/{token_id}/revoke": row(S),
    "GET /audit": row(A),
    "GET /audit/verify": row(A),
    # Rosters and problem ledgers
    "GET /rosters": row(C, R, L, A, H),
    "GET /rosters/{edition_id}": row(C, R, L, A, H),
    "GET /rosters/{edition_id}/export.xlsx": row(C, R, L, A, H),
    "POST /rosters/{edition_id}/outcomes": row(C, H),
    "GET /rosters/{edition_id}/draws": row(C, R, L, A, H),
    "POST /rosters/{edition_id}/draws": row(C, H),
    "GET /draws/{draw_id}": row(C, R, L, A, H),
    "POST /draws/{draw_id}/hold": row(C, H),
    "POST /draws/{draw_id}/drop": row(C, H),
    "GET /draws/{draw_id}/export.xlsx": row(C, R, L, A, H),
    "GET /rosters/{edition_id}/import": row(C),
    "POST /rosters/{edition_id}/import": row(C),
    "GET /rosters/{edition_id}/import/{token}": row(C),
    "POST /rosters/{edition_id}/import/{token}": row(C),
    "GET /rosters/{edition_id}/import/{token}/faults.xlsx": row(C),
    "GET /problems": row(C, R, L, A, H),
    "GET /problems/{edition_id}": row(C, R, L, A, H),
    "GET /problems/{edition_id}/export.xlsx": row(C, R, L, A, H),
    "POST /problems/{edition_id}/settle": row(C, R, L),
    "GET /problems/{edition_id}/new": row(C, L, H),
    "POST /problems/{edition_id}/new": row(C, L, H),
    "GET /problems/{edition_id}/import": row(C, L, H),
    "POST /problems/{edition_id}/import": row(C, L, H),
    "GET /problems/{edition_id}/import/{token}": row(C, L, H),
    "POST /problems/{edition_id}/import/{token}": row(C, L, H),
    "GET /problems/{edition_id}/import/{token}/faults.xlsx": row(C, L, H),
    "GET /problems/item/{problem_id}": row(C, R, L, A, H, own=True),
    "POST /problems/item/{problem_id}/act": row(C, R, L, H, own=True),
    # The leader's pages
    "GET /board": row(L, C, R, A),
    "GET /board.xlsx": row(L, C, R, A),
    "GET /board/cell": row(L, C, R, A),
    "GET /decisions": row(L),
    "GET /ranking": row(L, C),
    "GET /ranking.xlsx": row(L, C),
    "GET /runs": row(L, C, O, A),
    "GET /runs.xlsx": row(L, C, O, A),
    "GET /runs/{round_id}": row(L, C, O, A),
    # Planning: the year, its editions, rehearsals, workdays
    "GET /year": row(C, R, L, A),
    "GET /load": row(C, R, L, A),
    "GET /phrases": row(C, R, L, A),
    "GET /events": row(C, H),
    "POST /events/{edition_id}/{key}": row(C, H),
    "GET /editions": row(C, R, L, A),
    "GET /editions/new": row(C),
    "POST /editions/roll": row(C),
    "POST /editions/upload": row(C),
    "POST /editions/by-hand": row(C),
    "GET /editions/{campaign}/{year}": row(C, R, L, A),
    "POST /editions/{campaign}/{year}/draft": row(C),
    "GET /editions/{campaign}/{year}/dates/{key}": row(C),
    "POST /editions/{campaign}/{year}/dates/{key}": row(C),
    "GET /editions/{campaign}/{year}/states/{verb}": row(C),
    "POST /editions/{campaign}/{year}/states/{verb}": row(C),
    "GET /editions/drafts/{draft_id}": row(C),
    "POST /editions/drafts/{draft_id}": row(C),
    "POST /editions/drafts/{draft_id}/drop": row(C),
    "POST /editions/drafts/{draft_id}/checked": row(C),
    "GET /editions/drafts/{draft_id}/preview": row(C),
    "POST /editions/drafts/{draft_id}/apply": row(C),
    "GET /rehearsal": row(C),
    "GET /notices": row(C),
    "POST /notices": row(C),
    "POST /notices/preview": row(C),
    "POST /notices/confirm": row(C),
    # The unit's own pages
    "GET /my": row(H, LINK),
    "GET /my/{obligation_id}": row(H, LINK, own=True),
    "GET /my/{obligation_id}/{act}": row(H, LINK),
    "POST /my/{obligation_id}/acknowledge": row(H, LINK, own=True),
    "POST /my/{obligation_id}/submit": row(H, LINK, own=True),
    "POST /my/{obligation_id}/drop": row(H, LINK, own=True),
    "POST /my/{obligation_id}/progress": row(H, LINK, own=True),
    "POST /my/{obligation_id}/extension": row(H, own=True),
    "POST /my/{obligation_id}/forward": row(H, own=True),
    "POST /my/{obligation_id}/take-back": row(H, LINK, own=True),
    "POST /my/{obligation_id}/uploads": row(H, LINK, own=True),
    "GET /uploads/{upload_id}": row(H, LINK, own=True),
    "PUT /uploads/{upload_id}": row(H, LINK, own=True),
    "DELETE /uploads/{upload_id}": row(H, LINK, own=True),
    "GET /evidence/{obligation_id}/{sha256}": row(H, C, R, L, A, LINK, own=True),
    "GET /feed/{token}.ics": row(*EVERYBODY),
    "GET /my/ledger.xlsx": row(H, LINK),
    "GET /my/handover": row(H),
    "POST /my/handover": row(H),
    "GET /my/calendar": row(H),
    "POST /my/calendar": row(H),
    # What a unit supports
    "GET /support": row(H, C, R, L, A, LINK),
    "GET /support/{duty_id}": row(H, C, R, L, A, LINK, own=True),
    "GET /support/{duty_id}/{act}": row(H, C, R, L, A, LINK),
    "GET /support/{duty_id}/files/{sha256}": row(H, C, R, L, A, LINK, own=True),
    "POST /support/{duty_id}/acknowledge": row(H, LINK, own=True),
    "POST /support/{duty_id}/report": row(H, LINK, own=True),
    # Work queues
    "GET /queues": row(C, R, L),
    "GET /reviews": row(C, R, L),
    "GET /reviews/{obligation_id}": row(C, R, L, own=True),
    "POST /reviews/{obligation_id}/pass": row(C, R, L, own=True),
    "POST /reviews/{obligation_id}/send-back": row(C, R, L, own=True),
    "POST /reviews/{obligation_id}/sign-off": row(C, L, own=True),
    "GET /forwards": row(C, H),
    "POST /forwards/{obligation_id}": row(C, H),
    "GET /extensions": row(C, L),
    "POST /extensions/{obligation_id}": row(C, L, own=True),
    "GET /receipts": row(C),
    "GET /dispatches": row(C, O),
    "POST /dispatches/retry": row(C, O),
    "GET /waiting": row(C),
    "GET /escalations": row(C, L),
    "POST /escalations/decide": row(C, L),
    "GET /bulletin": row(C),
    "POST /bulletin/settle": row(C),
    "GET /chase": row(C, L),
    "POST /chase": row(C, L),
    # People and units
    "GET /people": row(C, O),
    "POST /people": row(C, O),
    "GET /people/{person_id}": row(C, O),
    "POST /people/{person_id}/hand-over": row(C),
    "POST /people/{person_id}/retire": row(C, O),
    "GET /units": row(C, O),
    "POST /units": row(C),
    "GET /units/{unit_id}": row(C, O),
    "POST /units/{unit_id}": row(C),
    "POST /units/{unit_id}/retire": row(C),
    "POST /units/{unit_id}/contacts": row(C),
    "GET /unit-import": row(C),
    "POST /unit-import": row(C),
    "GET /unit-import/{token}": row(C),
    "POST /unit-import/{token}": row(C),
    # The ledger and one matter's whole file
    "GET /obligations": row(C, R, L, A),
    "GET /obligations/export.xlsx": row(C, R, L, A),
    "POST /obligations/act": row(C, L),
    "GET /obligations/{obligation_id}": row(C, R, L, A, own=True),
    "POST /obligations/{obligation_id}/{act}": row(C, R, L, own=True),
    # The data interface has tokens instead of roles: tests/portal/test_api_stories.py
    "GET /api/v1/reference": Row(EVERYBODY),
    # Figures and indicators
    "GET /figures": row(C, R, L, A, H),
    "GET /figures/{edition_id}": row(C, R, L, A, H),
    "POST /figures/{edition_id}": row(C, H),
}
