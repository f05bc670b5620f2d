"""A one-time sign-in, used: the link that a person without a password was given lets in once."""

from __future__ import annotations

from datetime import datetime

from office.actions.office import Office
from office.actions.open_session import open_session
from office.actions.secret_tokens import token_hash
from office.errors import Refused
from office.store import people, sessions
from rules.sessions import Way

_NEW_ONE = "请向安全管理员（或发给您链接的统筹科室）索取新的一次性登录链接。"


def enter_once(office: Office, token: str, *, device: str, now: datetime) -> str:
    """The token of a new session, in which a password is to be chosen first."""
    with office.store.writing() as connection:
        one = sessions.one_time_by_token(connection, token_hash(token))
        if one is None:
            raise Refused(f"一次性登录链接无效，可能不完整或已被更新的链接取代，{_NEW_ONE}")
        if one.used_at is not None or not sessions.use_one_time(connection, one.id, now):
            raise Refused(f"这个一次性登录链接已经用过，如不是您本人使用，请立即告知安全管理员；{_NEW_ONE}")
        if now >= one.expires_at:
            raise Refused(f"这个一次性登录链接已过期，{_NEW_ONE}")
        person = people.person_by_id(connection, one.person_id)
        assert person is not None, "a one-time sign-in has a person"
        if not person.active:
            raise Refused(f"{person.name}已停用，不能登录；如有误，请联系统筹科室。")
        return open_session(office, connection, by=person.actor, way=Way.ONE_TIME, device=device, now=now)
