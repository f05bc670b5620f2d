"""Coming in and going out by password, one-time sign-in, link or identity provider; one's own account; where everybody starts."""

from __future__ import annotations

from typing import Annotated, Any

import httpx2
from anyio import from_thread
from authlib.integrations.base_client.errors import MismatchingStateError
from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from authlib.oidc.core import CodeIDToken
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from joserfc.errors import JoseError
from pydantic import Field, ValidationInfo, field_validator

from duban.accounts.passwords import set_password, sign_in
from duban.accounts.people import show_account
from duban.accounts.rules import WHY_SENTENCES, EndedWhy, SignInWay
from duban.accounts.sessions import (
    SignedIn,
    drop_form_draft,
    end_sessions,
    enter_by_link,
    enter_once,
    find_session,
    landing,
    list_sessions,
    sign_in_oidc,
    sign_out,
    take_form_draft,
)
from duban.core.errors import Fault, NotFound, Refused
from duban.core.secrets import portal_key
from duban.letters.links import read_link_token
from duban.letters.rules import stays
from duban.portal.access import COOKIE, allow, anyone, throttled
from duban.portal.context import PageContext
from duban.portal.forms import Form, Line, comes_back, fault
from duban.portal.params import Number, whole
from duban.portal.rendering import start_page
from duban.portal.session_cookies import KEPT, device, remember_kept, safe_path, sign_in_response

router = APIRouter()
Visitor = Annotated[PageContext, anyone()]
SignedInPerson = Annotated[PageContext, allow()]


class SignInForm(Form):
    name: Line = Field(title="姓名")
    password: str = Field(title="密码")
    to: Line = Field("", title="去处")


class PasswordForm(Form):
    password: str = Field(title="新密码")
    password_again: str = Field(title="再写一次的新密码")
    password_now: str | None = None

    @field_validator("password_again")
    @classmethod
    def _same(cls, again: str, info: ValidationInfo) -> str:
        if info.data.get("password") not in (None, again):
            raise fault("两次写的新密码不一样，请重新填写。")
        return again


@router.get("/")
def home(desk: Annotated[PageContext, allow(link=True)]) -> Response:
    """To the first page of the person's role."""
    return RedirectResponse("/my" if desk.by_link else start_page(desk.by.roles), status_code=303)


@router.get("/healthz")
def healthz(desk: Visitor) -> Response:
    """Whether the portal answers and its ledger can be read; says nothing else."""
    with desk.bureau.store.reading():
        return PlainTextResponse("ok")


@router.get("/sign-in")
def sign_in_page(desk: Visitor, to: str = "", why: str = "", kept: str = "") -> Response:
    """The form, with why it is needed."""
    settings, to = desk.bureau.settings, to or desk.typed.get("to", "")
    answer = desk.render(
        "accounts/sign_in.html",
        title="登录",
        to=safe_path(to) if to else "",
        why=WHY_SENTENCES[EndedWhy(why)] if why in set(EndedWhy) else "",
        kept=bool(kept) or KEPT in desk.request.cookies,
        oidc=bool(settings.oidc_issuer and settings.oidc_client_id),
    )
    if kept:
        remember_kept(desk, answer, kept)
    return answer


@router.post("/sign-in")
@comes_back(sign_in_page)
def sign_in_with_password(desk: Visitor, form: SignInForm) -> Response:
    request = desk.request
    with throttled(request, form.name):
        token = sign_in(
            desk.bureau, name=form.name, password=form.password, device=device(request), now=desk.now
        )
    return sign_in_response(desk, token, form.to or "/")


@router.post("/sign-out")
def sign_out_here(desk: Annotated[PageContext, allow(link=True)]) -> Response:
    """End this session and take its cookie back."""
    assert desk.session_id is not None, "only who is signed in gets here"
    sign_out(desk.bureau, desk.session_id, by=desk.by, now=desk.now)
    answer = desk.see_other("/", said="您已退出登录。")
    answer.delete_cookie(COOKIE, path="/")
    return answer


def not_let_in(desk: Visitor) -> Response:
    """Why a link or the identity provider did not lead in; too many failures, and it is the sign-in page."""
    path, status = desk.request.url.path, desk.attempt.status
    if status == 429 and not path.startswith("/oidc/"):
        return sign_in_page(desk)
    titles = {"once": "一次性登录没有成功", "l": "链接打不开", "oidc": "统一身份登录没有成功"}
    kind = path.split("/")[1]
    return desk.render("accounts/refused.html", title=titles[kind], status=422 if kind == "oidc" else 410)


@router.get("/once/{token}")
def once_page(desk: Visitor, token: str) -> Response:
    """Asks for one press: programs that look at links in messages must not use it up."""
    return desk.render("accounts/once.html", title="一次性登录", token=token)


@router.post("/once/{token}")
@comes_back(not_let_in, missing=True)
def once(desk: Visitor, token: str) -> Response:
    """Use the one-time sign-in."""
    with throttled(desk.request):
        session = enter_once(desk.bureau, token, device=device(desk.request), now=desk.now)
    return sign_in_response(desk, session, "/account/password")


@router.get("/l/{token}")
@comes_back(not_let_in, missing=True)
def link(desk: Visitor, token: str, to: str = "") -> Response:
    """A link from a message. Who is signed in as somebody else is asked before he becomes the unit's contact."""
    with throttled(desk.request):
        said = read_link_token(portal_key(desk.bureau.settings), token)
    cookie = desk.request.cookies.get(COOKIE, "")
    found = find_session(desk.bureau, cookie, now=desk.now) if cookie else None
    if isinstance(found, SignedIn) and stays(said, found.by, contact_id=found.contact_id):
        return desk.see_other(landing(said, **_pressed(to)))
    if isinstance(found, SignedIn) and found.way is not SignInWay.LINK:
        return desk.render(
            "accounts/other_person.html", title="换人进入", name=found.by.name, token=token, to=to
        )
    return link_pressed(desk, token=token, to=to)


@router.post("/l/{token}")
@comes_back(not_let_in, missing=True)
def link_pressed(desk: Visitor, token: str, to: str = "") -> Response:
    """The same after the question."""
    with throttled(desk.request):
        entered = enter_by_link(
            desk.bureau,
            token,
            device=device(desk.request),
            now=desk.now,
            **_pressed(to),
        )
    return sign_in_response(desk, entered.token, entered.path)


def _pressed(to: str) -> dict[str, int | None]:
    """The item of the message that was pressed: `17` a unit's own, `support-5` what it only supports."""
    return {
        "obligation_id": whole(to),
        "support_id": whole(to.removeprefix("support-")) if to[:8] == "support-" else None,
    }


@router.get("/account")
def account(desk: SignedInPerson) -> Response:
    """Who I am here, and where I am signed in."""
    own = show_account(desk.bureau, desk.person_id, by=desk.by, now=desk.now)
    sessions = list_sessions(desk.bureau, person_id=desk.person_id, by=desk.by, now=desk.now)
    return desk.render("accounts/account.html", title="我的账号", own=own, sessions=sessions)


@router.post("/account/sessions/{session_id}/end")
def end_one(desk: SignedInPerson, session_id: Number) -> Response:
    """Sign out another device."""
    ended = end_sessions(
        desk.bureau, person_id=desk.person_id, session_id=session_id, by=desk.by, now=desk.now
    )
    return desk.see_other("/account", said="已撤销这次登录。" if ended else "这次登录先前已经结束。")


@router.post("/account/sessions/end-others")
def end_others(desk: SignedInPerson) -> Response:
    """Sign out every other device."""
    ended = end_sessions(
        desk.bureau, person_id=desk.person_id, except_id=desk.session_id, by=desk.by, now=desk.now
    )
    return desk.see_other("/account", said=f"已撤销其他 {ended} 处登录。")


@router.get("/account/password")
def password_page(desk: SignedInPerson) -> Response:
    """Choose a password, or change it."""
    own = show_account(desk.bureau, desk.person_id, by=desk.by, now=desk.now)
    return desk.render(
        "accounts/password.html",
        title="更改密码" if own.has_password else "设置密码",
        must=desk.must_set_password,
        asks_current=own.has_password and not (desk.must_set_password and desk.way is SignInWay.ONE_TIME),
        at_least=desk.bureau.settings.password_length,
    )


@router.post("/account/password")
@comes_back(password_page)
def change_password(desk: SignedInPerson, form: PasswordForm) -> Response:
    """Set the password; every other session of the person ends."""
    with throttled(desk.request, f"password:{desk.person_id}"):
        ended = set_password(
            desk.bureau,
            password=form.password,
            current=form.password_now,
            by=desk.by,
            now=desk.now,
            session_id=desk.session_id,
        )
    others = f"，其他 {ended} 处登录已退出" if ended else ""
    return desk.see_other("/", said=f"密码已设置{others}。")


@router.get("/kept/{kept_id}")
def kept(desk: Annotated[PageContext, allow(link=True)], kept_id: str) -> Response:
    """What was typed when the session ended: to be looked at and sent with one press."""
    found = take_form_draft(desk.bureau, kept_id, by=desk.by, now=desk.now)
    if found is None:
        raise NotFound("先前填写的内容已不再保留（只留一天，且只给填写人看），请重新填写。")
    typed = [value for name, value in found.fields if value.strip() and name != "version"]
    return desk.render(
        "accounts/kept.html", title="您刚才填写的内容还在", kept=found, kept_id=kept_id, typed=typed
    )


@router.post("/kept/{kept_id}/drop")
def drop(desk: Annotated[PageContext, allow(link=True)], kept_id: str) -> Response:
    """It is not wanted any more."""
    drop_form_draft(desk.bureau, kept_id, by=desk.by)
    return desk.see_other("/", said="已清除先前填写的内容。")


# Of the cookie in which one sign-in is remembered between going to the provider and coming back.
FLOW_COOKIE, FLOW_PATH, FLOW_SECONDS = "duban_oidc", "/oidc", 600
_SECONDS = 10.0
# A clock that is a little off is no forgery.
_LEEWAY = 60
# Signatures by a key that only the provider holds; never a shared secret, never none, whatever it says of itself.
_SIGNATURES = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512", "EdDSA", "Ed25519")
_AGAIN = "请返回登录页重新用统一身份认证登录；仍不行请用密码登录，或联系运维。"
_UNREACHABLE = "统一身份认证服务现在连不上，请稍后再试，或用密码登录。"


@router.get("/oidc/start")
def start(desk: Annotated[PageContext, anyone()], to: str = "") -> Response:
    """Send the browser to the provider."""
    desk.request.session["to"] = safe_path(to or "/")
    return RedirectResponse(from_thread.run(_address, desk), status_code=303)


@router.get("/oidc/callback")
@comes_back(not_let_in)
def callback(desk: Annotated[PageContext, anyone()]) -> Response:
    """Back from the provider."""
    with throttled(desk.request):
        subject = from_thread.run(_subject, desk)
        token = sign_in_oidc(desk.bureau, subject=subject, device=device(desk.request), now=desk.now)
    answer = sign_in_response(desk, token, desk.request.session.get("to", "/"))
    desk.request.session.clear()
    return answer


async def _address(desk: PageContext) -> str:
    base = desk.bureau.settings.link_base or str(desk.request.base_url)
    back = f"{base.rstrip('/')}/oidc/callback"
    client = await _provider(desk)
    begun = await client.create_authorization_url(back)
    await client.save_authorize_data(desk.request, redirect_uri=back, **begun)
    return str(begun["url"])


async def _subject(desk: PageContext) -> str:
    """The subject that the provider vouches for. Refused when the answer is not to this browser's question."""
    client = await _provider(desk)
    wanted = {
        "iss": {"essential": True, "value": desk.bureau.settings.oidc_issuer},
        "aud": {"essential": True, "value": desk.bureau.settings.oidc_client_id},
        "sub": {"essential": True},
    }
    try:
        given = await client.authorize_access_token(
            desk.request,
            claims_options=wanted,
            claims_cls=_claims_at(int(desk.now.timestamp())),
            leeway=_LEEWAY,
        )
        return str(given["userinfo"]["sub"])
    except MismatchingStateError:
        raise Refused(f"这次登录已过期，或不是从本浏览器发起的，{_AGAIN}") from None
    except OAuthError as error:
        refused = "error" in desk.request.query_params
        words = "没有同意" if refused else "没有认可"
        raise Refused(f"统一身份认证{words}这次登录，{_AGAIN}") from error
    except JoseError as error:
        raise Refused(f"统一身份认证返回的凭证没有通过核验，{_AGAIN}") from error
    except (KeyError, ValueError, RuntimeError) as error:
        raise Refused(f"统一身份认证没有认可这次登录，{_AGAIN}") from error
    except httpx2.HTTPError as error:
        raise Fault(_UNREACHABLE) from error


async def _provider(desk: PageContext) -> StarletteOAuth2App:
    """The provider by its own description; refused when it speaks for another issuer."""
    settings = desk.bureau.settings
    if not (settings.oidc_issuer and settings.oidc_client_id):
        raise NotFound("本系统没有启用统一身份认证，请用姓名和密码登录。")
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
    client: StarletteOAuth2App = OAuth().register(
        "bureau",
        client_id=settings.oidc_client_id,
        client_secret=secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "timeout": _SECONDS,
        },
    )
    try:
        said = await client.load_server_metadata()
    except (httpx2.HTTPError, ValueError) as error:
        raise Fault(_UNREACHABLE) from error
    if said.get("issuer") != settings.oidc_issuer:
        raise Fault("统一身份认证的发现地址与其声明的签发者不一致，请运维核对设置 DUBAN_OIDC_ISSUER。")
    said["id_token_signing_alg_values_supported"] = _SIGNATURES
    return client


def _claims_at(now: int) -> type[Any]:
    """The identity's claims, judged at the portal's own moment."""

    class Claims(CodeIDToken):
        def validate(self, _now: int | None = None, leeway: int = 0) -> None:
            super().validate(now, leeway)

    return Claims
