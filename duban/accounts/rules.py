"""Who may let whom in: one-time sign-ins, unlocking, ending others' sessions, tokens of other systems."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from duban.core.access import Actor, Role

MOST_TOKEN_DAYS = 366
_LONGEST_NAME = 64


class TokenScope(StrEnum):
    """What another system may do with its token."""

    READ = "read"
    WRITE = "write"


SCOPE_NAMES: dict[TokenScope, str] = {TokenScope.READ: "读取", TokenScope.WRITE: "写入"}
_ASK_SECURITY = "请由安全管理员办理。"


def one_time_refusals(person: Actor, by: Actor, *, security_there: bool) -> tuple[str, ...]:
    """Every reason against making a one-time sign-in. The system itself makes the first ones (by has no person)."""
    own = []
    if not person.roles:
        own.append(f"{person.name}还没有角色，登录后什么也办不了，请先登记角色。")
    if by.person_id is None:
        return tuple(own)
    if by.person_id == person.person_id:
        own.append("不能给自己生成一次性登录链接，忘记密码请找另一位安全管理员。")
    if not _may_let_in(person, by, security_there=security_there):
        own.append(
            f"{by.name}不能为{person.name}生成一次性登录链接，{_ASK_SECURITY}"
            "统筹科室只能为责任单位经办人生成，运维只能为安全管理员生成。"
        )
    return tuple(own)


def security_refusals(by: Actor, what: str) -> tuple[str, ...]:
    """What only the security administrator does."""
    if by.person_id is None or Role.SECURITY in by.roles:
        return ()
    return (f"{by.name}不能{what}，{_ASK_SECURITY}",)


def token_refusals(
    by: Actor, *, name: str, scopes: frozenset[TokenScope], days: int, person: Actor | None
) -> tuple[str, ...]:
    """Every reason against giving another system a token with this person's rights."""
    own = list(security_refusals(by, "生成接口令牌"))
    if by.person_id is None:
        own.append("接口令牌要记在具体的人名下，请用 --as 写明操作人。")
    if not name or len(name) > _LONGEST_NAME:
        own.append(f"请写明令牌给哪个系统用，不超过 {_LONGEST_NAME} 字。")
    if not scopes:
        own.append("请至少选一项权限：读取、写入。")
    if not 1 <= days <= MOST_TOKEN_DAYS:
        own.append(f"有效天数须在 1 到 {MOST_TOKEN_DAYS} 之间，请改正。")
    if person is not None and person.roles & {Role.SECURITY, Role.OPERATOR}:
        own.append(f"接口不能代表{person.name}（管理员），请另登记一位代表该系统的人员。")
    return tuple(own)


def link_revoking_refusals(by: Actor, unit: str) -> tuple[str, ...]:
    """A unit's links are revoked by whoever keeps its contacts, or by the security administrator."""
    if by.person_id is None or by.roles & {Role.SECURITY, Role.COORDINATOR}:
        return ()
    return (f"{by.name}不能撤销{unit}的链接，请由统筹科室或安全管理员办理。",)


def _may_let_in(person: Actor, by: Actor, *, security_there: bool) -> bool:
    if Role.SECURITY in by.roles:
        return True
    if Role.COORDINATOR in by.roles and person.roles <= {Role.HANDLER}:
        return True
    # Somebody must be able to bring back the security administrator; it is recorded, and the auditor reads it.
    return Role.OPERATOR in by.roles and (not security_there or Role.SECURITY in person.roles)


_LONG_ENOUGH = 16
_LONGEST = 128
_KINDS = 3
# Stems that guessers try first, bare or with figures and signs around them.
_STEMS = """
    password passw passwd passwort admin administrator root user guest test welcome login letmein changeme
    qwerty qwertyuiop qwert asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc abc abcd abcdef
    iloveyou monkey dragon sunshine princess football superman secret master
    woaini wodemima mima nihao woaiwojia zhongguo beijing minzheng minzhengju mzj duban huanying
"""
_COMMON = frozenset(_STEMS.split())
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_SWAPPED = str.maketrans("0134578@$!", "oieastbasi")


def password_refusals(password: str, *, name: str, at_least: int) -> tuple[str, ...]:
    """Every reason against this password for the person of that name."""
    own = []
    if len(password) < at_least:
        own.append(f"密码至少 {at_least} 个字符，现在是 {len(password)} 个，请加长。")
    if len(password) > _LONGEST:
        own.append(f"密码不超过 {_LONGEST} 个字符，请缩短。")
    if name and name.casefold() in password.casefold():
        own.append("密码里不能有自己的姓名，请换一个。")
    if _kinds(password) < _KINDS and len(password) < _LONG_ENOUGH:
        own.append(
            f"密码要含大写字母、小写字母、数字、符号中的三种，或用 {_LONG_ENOUGH} 个字符以上的长句，请改一改。"
        )
    if _is_common(password):
        own.append("这个密码太常见，别人一猜就中，请换一个。")
    return tuple(own)


def too_old(set_at: datetime | None, *, now: datetime, days: int) -> bool:
    """Whether a password must be changed; with days=0 it never must."""
    return days > 0 and set_at is not None and now - set_at > timedelta(days=days)


def _kinds(password: str) -> int:
    kinds = (
        any(char.islower() and char.isascii() for char in password),
        any(char.isupper() and char.isascii() for char in password),
        any(char.isdigit() for char in password),
        any(not (char.isascii() and char.isalnum()) for char in password),
    )
    return sum(kinds)


def _is_common(password: str) -> bool:
    folded = password.casefold()
    # What is put around a word hides it from nobody; neither do figures that look like letters.
    middle = re.sub(r"^[^a-z]+|[^a-z]+$", "", folded).translate(_SWAPPED)
    stems = {re.sub(r"[^a-z]", "", folded), re.sub(r"[^a-z]", "", middle)}
    return bool(stems & _COMMON) or len(set(folded)) <= 3 or _is_row(folded)


def _is_row(folded: str) -> bool:
    """Keys that lie beside each other, or the figures of a count, forwards or backwards."""
    whole = re.sub(r"[^a-z0-9]", "", folded)
    return len(whole) >= 6 and any(whole in row or whole[::-1] in row for row in _ROWS)


class SignInWay(StrEnum):
    """How a session began."""

    PASSWORD = "password"
    ONE_TIME = "one_time"
    OIDC = "oidc"
    LINK = "link"


WAY_NAMES: dict[SignInWay, str] = {
    SignInWay.PASSWORD: "密码",
    SignInWay.ONE_TIME: "一次性登录",
    SignInWay.OIDC: "统一身份认证",
    SignInWay.LINK: "消息链接",
}


class EndedWhy(StrEnum):
    """Why a session is over."""

    TIMED_OUT = "timed_out"
    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    PASSWORD_CHANGED = "password_changed"
    LINKS_REVOKED = "links_revoked"
    ROLES_CHANGED = "roles_changed"
    RETIRED = "retired"


# Shown on the sign-in page, with the next step.
WHY_SENTENCES: dict[EndedWhy, str] = {
    EndedWhy.TIMED_OUT: "您较长时间没有操作，为安全起见已退出，请重新登录。",
    EndedWhy.SIGNED_OUT: "您已退出登录，请重新登录。",
    EndedWhy.REVOKED: "这次登录已被撤销，请重新登录；如非本人所为，请联系安全管理员。",
    EndedWhy.PASSWORD_CHANGED: "密码已更改，请用新密码重新登录。",
    EndedWhy.LINKS_REVOKED: "本单位的消息链接已被撤销，请使用最近一封消息里的链接，或向统筹科室索取。",
    EndedWhy.ROLES_CHANGED: "您的角色已变动，请重新登录。",
    EndedWhy.RETIRED: "该人员或联系人已停用，不能再进入；如有误，请联系统筹科室。",
}

_SEEN_EVERY = timedelta(minutes=1)


def timed_out(*, seen_at: datetime, expires_at: datetime, now: datetime, idle_minutes: int) -> bool:
    """Whether a session has ended by itself: idle for too long, or at its absolute end."""
    return now >= expires_at or now - seen_at > timedelta(minutes=idle_minutes)


def touch_is_due(seen_at: datetime, *, now: datetime, idle_minutes: int) -> bool:
    """Whether the moment of this page is worth a write: once a minute, oftener only where idleness is counted in few."""
    return now - seen_at >= min(_SEEN_EVERY, timedelta(minutes=idle_minutes) / 10)


_BROWSERS = (
    ("wxwork", "企业微信"),
    ("micromessenger", "微信"),
    ("dingtalk", "钉钉"),
    ("edg", "Edge"),
    ("firefox", "Firefox"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
)
_MACHINES = (
    ("android", "安卓手机"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("harmony", "鸿蒙设备"),
    ("windows", "Windows 电脑"),
    ("mac os", "Mac 电脑"),
    ("linux", "Linux 电脑"),
)


def device_words(agent: str) -> str:
    """What a browser says of itself, in words its owner recognises."""
    said = agent.casefold()
    browser = next((words for mark, words in _BROWSERS if mark in said), "")
    machine = next((words for mark, words in _MACHINES if mark in said), "")
    return "，".join(part for part in (machine, browser) if part) or "未知设备"
