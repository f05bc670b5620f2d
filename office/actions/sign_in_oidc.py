"""Signing in through the bureau's identity provider: the door has checked the token, here it meets a person."""

from __future__ import annotations

from datetime import datetime

from office.actions.acting import cleaned, refuse
from office.actions.office import Office
from office.actions.open_session import open_session
from office.errors import NotFound, Refused
from office.store import accounts, history, people
from office.store.dry_run import take_back
from rules.accounts import security_refusals
from rules.people import SYSTEM, Actor
from rules.sessions import Way

_LONGEST = 255


def sign_in_oidc(office: Office, *, subject: str, device: str, now: datetime) -> str:
    """The token of a session for whoever the security administrator has linked to this subject."""
    with office.store.writing() as connection:
        account = accounts.of_subject(connection, subject)
        person = people.person_by_id(connection, account.person_id) if account else None
        if person is not None and person.active:
            return open_session(office, connection, by=person.actor, way=Way.OIDC, device=device, now=now)
        history.append(
            connection,
            at=now,
            by=SYSTEM,
            verb="sign_in_failed",
            noun="account",
            noun_id=person.id if person else None,
            detail={"way": Way.OIDC.value, "subject": subject[:_LONGEST]},
            flow_run_id=office.flow_run_id,
        )
    raise Refused(
        f"您的统一身份（编号 {subject[:_LONGEST]}）还没有与本系统的人员关联，请把编号告诉安全管理员，由其关联后再登录。"
    )


def bind_subject(
    office: Office, *, person_id: int, subject: str, by: Actor, now: datetime, dry_run: bool = False
) -> None:
    """Link a person to the subject by which the identity provider knows him; an empty one ends the link."""
    refuse(*security_refusals(by, "关联统一身份"))
    subject = cleaned(subject)
    with office.store.writing() as connection:
        person = people.person_by_id(connection, person_id)
        if person is None or not person.active:
            raise NotFound("没有这位在岗人员，请在人员名录里核对。")
        refuse(*_binding_refusals(subject, accounts.of_subject(connection, subject), person_id, by))
        accounts.open_account(connection, person_id)
        accounts.change(connection, person_id, oidc_subject=subject or None)
        history.append(
            connection,
            at=now,
            by=by,
            verb="bind_subject",
            noun="account",
            noun_id=person_id,
            unit_id=person.unit_id,
            detail={"name": person.name, "subject": subject},
            flow_run_id=office.flow_run_id,
        )
        if dry_run:
            take_back(connection)


def _binding_refusals(
    subject: str, there: accounts.Account | None, person_id: int, by: Actor
) -> tuple[str, ...]:
    own = []
    if len(subject) > _LONGEST:
        own.append(f"统一身份编号不超过 {_LONGEST} 个字符，请核对。")
    if by.person_id == person_id:
        own.append("不能给自己关联统一身份，请由另一位安全管理员办理。")
    if subject and there is not None and there.person_id != person_id:
        own.append("这个统一身份编号已与另一位人员关联，请先解除再关联。")
    return tuple(own)
