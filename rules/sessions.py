"""How somebody came in and how long that lasts. Nothing here knows the clock; whoever asks brings the moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class Way(StrEnum):
    """How a session began."""

    PASSWORD = "password"
    ONE_TIME = "one_time"
    OIDC = "oidc"
    LINK = "link"


WAY_NAMES: dict[Way, str] = {
    Way.PASSWORD: "密码",
    Way.ONE_TIME: "一次性登录",
    Way.OIDC: "统一身份认证",
    Way.LINK: "消息链接",
}


class Why(StrEnum):
    """Why a session is over."""

    TIMED_OUT = "timed_out"
    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    PASSWORD_CHANGED = "password_changed"
    LINKS_REVOKED = "links_revoked"
    ROLES_CHANGED = "roles_changed"
    RETIRED = "retired"


# Shown on the sign-in page, with the next step.
WHY_SENTENCES: dict[Why, str] = {
    Why.TIMED_OUT: "您较长时间没有操作，为安全起见已退出，请重新登录。",
    Why.SIGNED_OUT: "您已退出登录，请重新登录。",
    Why.REVOKED: "这次登录已被撤销，请重新登录；如非本人所为，请联系安全管理员。",
    Why.PASSWORD_CHANGED: "密码已更改，请用新密码重新登录。",
    Why.LINKS_REVOKED: "本单位的消息链接已被撤销，请使用最近一封消息里的链接，或向统筹科室索取。",
    Why.ROLES_CHANGED: "您的角色已变动，请重新登录。",
    Why.RETIRED: "该人员或联系人已停用，不能再进入；如有误，请联系统筹科室。",
}

_SEEN_EVERY = timedelta(minutes=1)


def timed_out(*, seen_at: datetime, expires_at: datetime, now: datetime, idle_minutes: int) -> bool:
    """Whether a session has ended by itself: idle for too long, or at its absolute end."""
    return now >= expires_at or now - seen_at > timedelta(minutes=idle_minutes)


def to_be_seen(seen_at: datetime, *, now: datetime, idle_minutes: int) -> bool:
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
