"""The pages of one's own account, of the security administrator and of the auditor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from duban.accounts.tables import session
from duban.accounts.tokens import find_client
from duban.core.access import Role
from duban.portal.access import COOKIE
from duban.reports.history_words import HISTORY_VERBS
from duban.units.tables import person_role
from tests.portal.bureau import TIANNING, Portal
from tests.portal.client import PageClient
from tests.portal.test_coming_in import PASSWORD, give_password, link, once, sign_in

ROOT = Path(__file__).resolve().parents[2]


def test_a_lost_telephone_is_signed_out_from_ones_own_page(portal: Portal) -> None:
    phone, desk = portal.as_("周处长"), portal.as_("周处长")
    page = desk.get("/account")
    ends = [form.get("action") or "" for form in page.forms() if (form.get("action") or "").endswith("/end")]

    done = desk.fill(page, ends[0])

    assert len(ends) == 1 and "已撤销这次登录" in done.text
    assert phone.get("/account").path == "/sign-in"


def test_nobody_ends_anothers_session_by_its_number(portal: Portal) -> None:
    portal.as_("李局长")
    with portal.bureau.store.reading() as connection:
        (other,) = connection.scalars(sa.select(session.c.id))
    client = portal.as_("周处长")
    csrf = client.get("/account").form("/sign-out").find("input").get("value")  # type: ignore[union-attr]

    client.post(f"/account/sessions/{other}/end", data={"csrf": csrf})

    with portal.bureau.store.reading() as connection:
        ended = connection.scalar(sa.select(session.c.ended_at).where(session.c.id == other))
    assert ended is None


def test_a_one_time_sign_in_is_shown_once_and_works(portal: Portal) -> None:
    security = portal.as_("安全员")
    at = f"/accounts/{portal.people['周处长']}"

    shown = security.fill(security.get(at), f"{at}/one-time")
    address = re.search(r"http://portal\.test(/once/[\w-]+)", shown.response.text)
    again = security.get(at)

    assert address and "/once/" not in again.response.text
    client = portal.visitor()
    assert client.fill(client.get(address[1]), address[1]).path == "/account/password"


def test_a_role_is_given_and_taken_with_a_reason(portal: Portal) -> None:
    security, at = portal.as_("安全员"), f"/accounts/{portal.people['周处长']}"
    given = security.fill(security.get(at), f"{at}/give-role", role="reviewer")
    bare = security.fill(given, f"{at}/take-role", role="reviewer", expect=422)
    taken = security.fill(given, f"{at}/take-role", role="reviewer", reason="轮岗")

    assert "已增加角色：审核人" in given.text and "请填写原因" in bare.text
    assert "已收回角色：审核人" in taken.text


def test_what_the_rules_refuse_is_shown_on_the_same_page(portal: Portal) -> None:
    security, at = portal.as_("安全员"), f"/accounts/{portal.people['安全员']}"
    page = security.get(at)

    own = security.fill(page, f"{at}/one-time", expect=422)
    mixed = security.fill(page, f"{at}/give-role", role="auditor", expect=422)

    assert own.title == "安全员的账号" and "不能给自己生成一次性登录链接" in own.text
    assert "三员分设" in mixed.text and "不能给自己增加角色" in mixed.text


def test_a_locked_account_is_found_and_unlocked(portal: Portal) -> None:
    give_password(portal, "周处长")
    for _ in range(5):
        sign_in(portal.visitor(), "周处长", "wrong-word", expect=422)
    locked = sign_in(portal.visitor(), "周处长", expect=422)
    security, at = portal.as_("安全员"), f"/accounts/{portal.people['周处长']}"

    listed = security.get("/accounts?locked=1")
    security.fill(security.get(at), f"{at}/unlock")

    assert "账号已锁定至" in locked.text
    assert "周处长" in listed.text and "李局长" not in listed.text
    assert sign_in(portal.visitor(), "周处长").path == "/queues"


def test_the_sessions_of_others_are_ended_on_the_security_page(portal: Portal) -> None:
    zhou, security = portal.as_("周处长"), portal.as_("安全员")
    at = f"/accounts/{portal.people['周处长']}"

    security.fill(security.get(at), f"{at}/end-sessions", session_id=None)

    ended = zhou.get("/account")
    assert ended.path == "/sign-in" and "已被撤销" in ended.text


def test_the_links_of_a_unit_end_with_one_press(portal: Portal) -> None:
    unit = portal.visitor()
    unit.get(link(portal))
    security = portal.as_("安全员")
    page = security.get("/accounts/links")

    missing = security.fill(page, "/accounts/links", unit="没有的单位", expect=422)
    done = security.fill(page, "/accounts/links", unit=TIANNING)

    assert "没有叫“没有的单位”的单位" in missing.text and "1 处凭链接的登录已退出" in done.text
    over = unit.get("/my")
    assert over.path == "/sign-in" and "链接已被撤销" in over.text
    assert "已被撤销" in portal.visitor().get(link(portal), expect=410).text


def test_a_token_is_shown_once_works_and_is_revoked(portal: Portal) -> None:
    security = portal.as_("安全员")
    made = security.fill(
        security.get("/tokens"), "/tokens", name="省平台", person="周处长", scope="read", days="30"
    )
    found = re.search(r"duban_[\w-]+", made.response.text)
    assert found
    client = find_client(portal.bureau, found[0], now=portal.moment)

    listed = security.get("/tokens")
    revoked = security.fill(listed, "/tokens/1/revoke")

    assert client is not None and client.by.name == "周处长"
    assert found[0] not in listed.response.text and "已撤销" in revoked.text
    assert find_client(portal.bureau, found[0], now=portal.moment) is None
    bad = security.fill(listed, "/tokens", name="", person="赵某某", scope="read", days="0", expect=422)
    assert "请填写系统名称" in bad.text


def test_the_auditor_finds_what_was_done_and_verifies_the_chain(portal: Portal) -> None:
    give_password(portal, "周处长")
    sign_in(portal.visitor(), "周处长")
    sign_in(portal.visitor(), "周处长", "wrong-word", expect=422)
    auditor = portal.as_("苏审计")

    found = auditor.get("/audit?verb=sign_in_failed&first_on=2026-03-16&last_on=2026-03-16")
    by_person = auditor.get("/audit?person=周处长")
    none = auditor.get("/audit?person=周处长&first_on=2026-03-17")
    wrong = auditor.get("/audit?first_on=yesterday", expect=422)
    verified = auditor.get("/audit/verify")

    assert "登录失败 账号" in found.text and "登录 会话" not in found.text
    assert "周处长 登录 会话" in by_person.text and "没有符合条件的留痕" in none.text
    assert "不是日期" in wrong.text and "指纹链完整" in verified.text
    assert [form.get("action") for form in found.forms() if form.get("method") == "post"] == ["/sign-out"]


def test_every_act_of_the_history_has_its_name_in_words() -> None:
    written = {
        verb
        for room in ("bureau", "flows", "tasks")
        for path in (ROOT / room).rglob("*.py")
        for verb in re.findall(r"\bverb=\"([a-z_]+)\"", path.read_text(encoding="utf-8"))
    }

    assert written - set(HISTORY_VERBS) == set()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECURITY])
def test_the_security_desk_is_in_nobody_elses_navigation(portal: Portal, role: Role) -> None:
    names = {
        Role.OPERATOR: "运维",
        Role.COORDINATOR: "周处长",
        Role.REVIEWER: "陈科长",
        Role.LEADER: "李局长",
        Role.HANDLER: "王科长",
        Role.AUDITOR: "苏审计",
    }

    page = portal.as_(names[role]).get("/account")

    assert "/accounts" not in page.links() and "/tokens" not in page.links()


def test_a_person_without_any_role_still_sees_the_account_and_signs_out(portal: Portal) -> None:
    client = portal.as_("周处长")
    with portal.bureau.store.writing() as connection:
        connection.execute(sa.delete(person_role).where(person_role.c.person_id == portal.people["周处长"]))

    page = client.get("/account")

    assert "还没有角色" in page.text
    assert client.fill(page, "/sign-out").path == "/sign-in"


def test_a_chosen_password_signs_the_other_devices_out(portal: Portal) -> None:
    client = portal.visitor()
    token = once(portal, "李局长")
    page = client.fill(client.get(f"/once/{token}"), f"/once/{token}")
    client.fill(page, "/account/password", password=PASSWORD, password_again=PASSWORD)
    other = portal.visitor()
    sign_in(other, "李局长")
    new = "Chongyang/2026"

    page = client.get("/account/password")
    client.fill(page, "/account/password", password_now=PASSWORD, password=new, password_again=new)

    assert other.get("/account").path == "/sign-in"
    assert (
        PageClient(portal.app, cookies={COOKIE: client.http.cookies[COOKIE]}).get("/account").path
        == "/account"
    )
