"""Coming in through the portal's door: password, one-time sign-in, link of a message; and what was typed is not lost."""

from __future__ import annotations

import re
from datetime import date

import pytest
import sqlalchemy as sa

from duban.accounts.passwords import hash_password
from duban.accounts.sessions import make_one_time
from duban.accounts.tables import account, kept_form, session
from duban.core.access import SYSTEM
from duban.core.secrets import portal_key
from duban.letters.links import make_link_token
from duban.portal.access import COOKIE
from duban.units import tables as units_tables
from tests.portal.bureau import TIANNING, Portal
from tests.portal.client import Page, PageClient

PASSWORD = "Qingming-2026"


def give_password(portal: Portal, name: str, password: str = PASSWORD) -> None:
    with portal.bureau.store.writing() as connection:
        connection.execute(
            sa.insert(account).values(
                person_id=portal.people[name],
                password_hash=hash_password(password),
                password_set_at=portal.moment,
            )
        )


def sign_in(
    client: PageClient, name: str, password: str = PASSWORD, *, to: str = "/sign-in", expect: int = 200
) -> Page:
    return client.fill(client.get(to), "/sign-in", name=name, password=password, expect=expect)


def once(portal: Portal, name: str) -> str:
    return make_one_time(portal.bureau, person_id=portal.people[name], by=SYSTEM, now=portal.moment)


def link(
    portal: Portal, unit: str = TIANNING, *, generation: int = 1, expires_on: date = date(2026, 4, 30)
) -> str:
    unit_id = portal.units[unit]
    with portal.bureau.store.reading() as connection:
        contact = connection.scalars(
            sa.select(units_tables.contact.c.id).where(units_tables.contact.c.unit_id == unit_id)
        ).first()
    token = make_link_token(
        portal_key(portal.bureau.settings),
        unit_id=unit_id,
        contact_id=contact or 0,
        generation=generation,
        expires_on=expires_on,
    )
    return f"/l/{token}"


def test_a_password_opens_the_first_page_of_the_role(portal: Portal) -> None:
    give_password(portal, "安全员")
    client = portal.visitor()

    page = sign_in(client, "安全员")

    assert (page.path, page.title) == ("/accounts", "账号")


def test_whoever_asked_for_a_page_gets_it_after_signing_in(portal: Portal) -> None:
    give_password(portal, "王科长")
    client = portal.visitor()

    page = sign_in(client, "王科长", to=f"/my/{portal.signs[TIANNING]}")

    assert page.path == f"/my/{portal.signs[TIANNING]}"


@pytest.mark.parametrize(
    "to", ["//evil.example/x", "https://evil.example", "/\\evil.example", "/%2f/evil.example"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(portal: Portal, to: str) -> None:
    give_password(portal, "安全员")
    client = portal.visitor()
    page = client.get("/sign-in")

    landed = client.fill(page, "/sign-in", name="安全员", password=PASSWORD, to=to)

    assert str(landed.response.url).startswith("http://portal.test/accounts")


def test_a_wrong_password_shows_the_form_again_with_the_name_and_without_the_password(portal: Portal) -> None:
    give_password(portal, "安全员")
    client = portal.visitor()

    page = sign_in(client, "安全员", "wrong-word", expect=422)

    assert "姓名或密码不对" in page.text and "wrong-word" not in page.response.text
    assert 'value="安全员"' in page.response.text and COOKIE not in client.http.cookies


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(portal: Portal) -> None:
    give_password(portal, "安全员")
    client = portal.visitor()
    form = client.get("/sign-in").form("/sign-in")
    csrf = next(one.get("value") for one in form.iter("input") if one.get("name") == "csrf")

    answer = client.http.post(
        "/sign-in",
        data={"csrf": csrf, "name": "安全员", "password": PASSWORD},
        follow_redirects=False,
    )

    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(portal: Portal) -> None:
    client = portal.as_("安全员")
    token = client.http.cookies[COOKIE]

    page = client.fill(client.get("/account"), "/sign-out")
    stolen = PageClient(portal.app, cookies={COOKIE: token}).get("/account")

    assert page.path == "/sign-in" and "您已退出登录" in page.text
    assert stolen.path == "/sign-in" and "已退出" in stolen.text


def test_a_one_time_sign_in_is_used_by_a_press_and_leads_to_choosing_a_password(portal: Portal) -> None:
    token, client = once(portal, "周处长"), portal.visitor()
    client.get(f"/once/{token}")
    looked = client.get(f"/once/{token}")

    page = client.fill(looked, f"/once/{token}")

    assert (page.path, page.title) == ("/account/password", "设置密码")
    assert client.get("/year").path == "/account/password"
    done = client.fill(page, "/account/password", password=PASSWORD, password_again=PASSWORD)
    assert done.path == "/queues" and "密码已设置" in done.text
    assert sign_in(portal.visitor(), "周处长").path == "/queues"
    again = portal.visitor()
    refused = again.fill(again.get(f"/once/{token}"), f"/once/{token}", expect=410)
    assert "已经用过" in refused.text and "索取新的一次性登录链接" in refused.text


def test_two_different_new_passwords_are_told_apart_before_anything_is_set(portal: Portal) -> None:
    client = portal.as_("安全员")
    page = client.get("/account/password")

    answer = client.fill(
        page, "/account/password", password_now="x", password=PASSWORD, password_again="other", expect=422
    )

    assert "两次写的新密码不一样" in answer.text and PASSWORD not in answer.response.text


def test_the_link_of_a_message_opens_the_units_tasks_without_an_account(portal: Portal) -> None:
    client = portal.visitor()
    page = client.get(link(portal))

    assert page.path == "/my" and "王科长（凭链接）" in page.text
    assert client.get(f"{link(portal)}?to={portal.signs[TIANNING]}").path == f"/my/{portal.signs[TIANNING]}"
    assert "不能打开" in client.get("/year", expect=403).title


def test_opening_the_link_again_goes_on_with_the_same_session(portal: Portal) -> None:
    client = portal.visitor()
    for _ in range(3):
        client.get(link(portal))

    with portal.bureau.store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(session)) == 1


def test_who_is_signed_in_as_somebody_else_is_asked_first(portal: Portal) -> None:
    client = portal.as_("周处长")

    asked = client.get(link(portal))

    assert asked.title == "换人进入" and client.get("/year").path == "/year"
    entered = client.fill(asked, link(portal))
    assert entered.path == "/my" and "王科长（凭链接）" in entered.text


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda path: path[:-5], "不完整或被改动"),
        (lambda path: "/l/" + "f" * 6 + path[9:], "不是本系统发出的"),
        (lambda path: "/l/x", "不完整或被改动"),
    ],
)
def test_a_damaged_or_foreign_link_gets_a_sentence_with_the_next_step(
    portal: Portal, broken, sentence: str
) -> None:
    page = portal.visitor().get(broken(link(portal)), expect=410)

    assert sentence in page.text and "请" in page.text


def test_an_expired_and_a_revoked_link_get_a_sentence(portal: Portal) -> None:
    expired = portal.visitor().get(link(portal, expires_on=date(2026, 3, 1)), expect=410)
    revoked = portal.visitor().get(link(portal, generation=0), expect=410)

    assert "已于2026年3月1日到期" in expired.text and "已被撤销" in revoked.text


def test_a_link_session_reaches_no_item_of_another_unit(portal: Portal) -> None:
    other = next(number for name, number in portal.signs.items() if name != TIANNING)

    page = portal.visitor().get(f"{link(portal)}?to={other}", expect=404)

    assert "没有" in page.title


def test_guessing_is_slowed_down_with_the_time_to_wait(portal: Portal) -> None:
    client = portal.visitor()
    page = client.get("/sign-in")
    for _ in range(10):
        client.fill(page, "/sign-in", name="赵某", password="guess", expect=422)

    stopped = client.fill(page, "/sign-in", name="赵某", password="guess", expect=429)

    assert 0 < int(stopped.response.headers["retry-after"]) <= 300
    assert re.search(r"约 \d 分钟后再试", stopped.text)
    give_password(portal, "安全员")
    assert sign_in(portal.visitor(), "安全员").path == "/accounts"


def test_guessing_links_is_slowed_down_too(portal: Portal) -> None:
    client = portal.visitor()
    for number in range(30):
        client.get(f"/l/{number}", expect=410)

    client.get("/l/31", expect=429)
    client.get(link(portal), expect=429)


def test_a_form_sent_after_the_session_ran_out_waits_for_the_same_person(portal: Portal) -> None:
    give_password(portal, "安全员")
    client = portal.visitor()
    page = sign_in(client, "安全员")
    portal.pass_minutes(45)

    asked = client.fill(page, "/accounts", name="钱副局长", unit="市民政局", role="leader")
    shown = client.fill(asked, "/sign-in", name="安全员", password=PASSWORD)

    assert asked.path == "/sign-in" and "填写的内容已保留" in asked.text
    assert shown.title == "您刚才填写的内容还在" and "钱副局长" in shown.response.text
    done = client.fill(shown, "/accounts")
    assert done.title == "钱副局长的账号" and "已登记钱副局长" in done.text


def test_what_was_typed_is_shown_to_nobody_else(portal: Portal) -> None:
    give_password(portal, "安全员")
    give_password(portal, "周处长")
    client = portal.visitor()
    page = sign_in(client, "安全员")
    portal.pass_minutes(45)
    asked = client.fill(page, "/accounts", name="钱副局长", unit="市民政局", role="leader")

    other = client.fill(asked, "/sign-in", name="周处长", password=PASSWORD)

    assert other.path == "/queues" and "钱副局长" not in other.response.text


def test_a_password_is_never_kept(portal: Portal) -> None:
    client = portal.as_("安全员")
    page = client.get("/account/password")
    portal.pass_minutes(45)

    asked = client.fill(
        page, "/account/password", password_now="old-one", password=PASSWORD, password_again=PASSWORD
    )

    assert asked.path == "/sign-in"
    with portal.bureau.store.reading() as connection:
        kept = connection.execute(sa.select(kept_form.c.fields)).scalars().all()
    assert PASSWORD not in str(kept) and "old-one" not in str(kept)
