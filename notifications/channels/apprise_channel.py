"""The long tail of push services through Apprise: the only module that imports it.

Apprise answers with a yes or a no at most, so what is temporary is read from its log. It may reach any host and run
local programs, so only schemas on the operator's list work, redirects are off and attachments are never passed.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import BufferingHandler

import apprise

from notifications.channels import (
    AllowList,
    Channel,
    ChannelError,
    Receipt,
    Status,
    permanent,
    target_refusal,
)
from notifications.letters import Letter

# Apprise looks at the HTTP status only, and these answer 200 with an error code for a message they rejected: it would
# report success. They get channels of their own.
ROBOTS = frozenset({"wecombot", "dingtalk", "feishu", "lark"})

# Errors that another try cannot heal; 3xx because redirects are refused.
_HOPELESS = frozenset({301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422})
_HTTP_ERROR = re.compile(r"error=(\d{3})")

# The log of Apprise is one for the whole process, so one send at a time can be told from another.
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def open_apprise(
    targets: Mapping[str, str], allow: AllowList, *, schemas: Iterable[str]
) -> Iterator[AppriseChannel]:
    """`targets` are Apprise URLs by the name that letters carry as their address, from the operator's settings only.

    `schemas` are the only kinds of service that work, in the whole process: Apprise keeps one list. Raises ChannelError
    for robots, for schemas not on the list and for URLs that Apprise does not understand.
    """
    _refuse_robots(schemas)
    for name, url in targets.items():
        schema = url.partition("://")[0].lower()
        _refuse_robots({schema})
        if schema not in schemas:
            raise ChannelError(f"推送目标“{name}”的类型 {schema} 不在允许的类型内，请由运维人员加入后再用。")
    apprise.NotificationManager().enable_only(*schemas)
    with _ONE_AT_A_TIME, _log():
        for name, url in targets.items():
            _service(name, url)
    yield AppriseChannel(targets, allow)


class AppriseChannel(Channel):
    """See open_apprise."""

    name = "apprise"

    def __init__(self, urls: Mapping[str, str], allow: AllowList) -> None:
        self._urls = urls
        self._allow = allow

    def send(self, letter: Letter) -> Receipt:
        """Push subject and text to the one target named by the letter's address."""
        target = letter.to_address
        refusal = target_refusal(target, self._allow)
        if refusal is not None:
            return refusal
        if target not in self._urls:
            return permanent("unknown_target", f"没有名为“{target}”的推送目标，请在设置中添加后重发。")
        return _push(target, self._urls[target], letter)


def _push(target: str, url: str, letter: Letter) -> Receipt:
    rendered = letter.rendered
    with _ONE_AT_A_TIME, _log() as kept:
        # A bool in 1.x, an object in 2.x: only its truth is common to both.
        taken = bool(
            _service(target, url).notify(
                title=rendered.subject, body=rendered.text, body_format=apprise.NotifyFormat.TEXT, attach=None
            )
        )
    if taken:
        return Receipt(status=Status.ACCEPTED, provider_code="ok", provider_message="推送服务已接收")
    return _failure("\n".join(record.getMessage() for record in kept.buffer))


def _failure(log: str) -> Receipt:
    code = next((int(found) for found in _HTTP_ERROR.findall(log)), None)
    status, answer, sentence = Status.TEMPORARY, "failed", "推送服务报告失败，未说明原因，稍后自动重试。"
    if code is not None:
        status = Status.PERMANENT if code in _HOPELESS else Status.TEMPORARY
        answer, sentence = str(code), f"推送服务拒绝，HTTP {code}，请检查推送设置。"
    elif "read timed out" in log.lower() or "connection aborted" in log.lower():
        status, answer = Status.UNSURE, "no_answer"
        sentence = "推送服务收到请求后未答，是否送达不能确定。"
    elif "connection error" in log.lower():
        answer, sentence = "unreachable", "连不上推送服务，稍后自动重试。"
    return Receipt(status=status, provider_code=answer, provider_message=sentence)


def _service(name: str, url: str) -> apprise.Apprise:
    """A fresh object for each send: one kept longer sleeps seconds between two sends."""
    service = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
    if not service.add(url) or len(service) != 1:
        raise ChannelError(f"推送目标“{name}”的设置无法识别，请检查类型和密钥。")
    return service


def _refuse_robots(schemas: Iterable[str]) -> None:
    refused = ROBOTS.intersection(schemas)
    if refused:
        raise ChannelError(
            f"群机器人（{'、'.join(sorted(refused))}）不能经此通道发送：消息被拒收时它也报成功；请改用邮件。"
        )


@contextmanager
def _log() -> Iterator[BufferingHandler]:
    """What Apprise logs meanwhile, kept from other handlers: its debug lines carry keys and payloads."""
    logger = logging.getLogger("apprise")
    kept = BufferingHandler(capacity=10_000)
    before = logger.level, logger.propagate
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield kept
    finally:
        logger.removeHandler(kept)
        logger.setLevel(before[0])
        logger.propagate = before[1]
