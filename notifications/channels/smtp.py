"""Mail through the bureau's own server: reused connections, one recipient per message, the server's own answer."""

from __future__ import annotations

import queue
import re
import smtplib
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from notifications.allow_list import AllowList, allowed
from notifications.channels import ChannelError, Receipt, Status
from notifications.letters import Prepared


class Tls(StrEnum):
    """How the connection is secured."""

    NONE = "none"
    STARTTLS = "starttls"
    SSL = "tls"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """Where and how. `ca_file` is for a server whose certificate the system does not know.

    `timeout_seconds` bounds every single answer. After a connection that failed or timed out, the server is left alone
    for `rest_seconds` and letters are refused as temporary at once: a dead server costs one timeout, not one per letter.
    `login_without_tls` must be said aloud, because the password then travels in clear.
    """

    host: str
    port: int = 465
    tls: Tls = Tls.SSL
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    login_without_tls: bool = False
    ca_file: Path | None = None
    hello_name: str | None = None
    timeout_seconds: float = 30.0
    rest_seconds: float = 60.0
    connections: int = 2


class Backoff:
    """Since when the server is left alone; shared by the connections of a channel."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0
        self._cause: Receipt | None = None

    def begin(self, cause: Receipt) -> None:
        self._until = time.monotonic() + self._seconds
        self._cause = cause

    def refusal(self) -> Receipt | None:
        left = self._until - time.monotonic()
        if self._cause is None or left <= 0:
            return None
        return Receipt(
            status=Status.TEMPORARY,
            provider_code=self._cause.provider_code,
            provider_message=self._cause.provider_message,
            retry_after_seconds=int(left) + 1,
        )


class _Refused(Exception):
    """The server's own answer, with what it means at the point where it came."""

    def __init__(self, status: Status, answer: tuple[int, bytes]) -> None:
        super().__init__(answer)
        self.receipt = _receipt(status, *answer)


class Connection:
    """One connection, opened when needed and opened again when it was lost."""

    def __init__(self, settings: SmtpSettings, context: ssl.SSLContext | None, rest: Backoff) -> None:
        self._settings = settings
        self._context = context
        self._rest = rest
        self._smtp: smtplib.SMTP | None = None

    def send(self, prepared: Prepared) -> Receipt:
        resting = self._rest.refusal()
        if resting is not None:
            return resting
        reused = self._smtp is not None
        receipt, nothing_sent = self._attempt(prepared)
        # Servers drop idle connections, and some after so many letters; nothing was taken then, so ask once more.
        if reused and nothing_sent:
            receipt, _ = self._attempt(prepared)
        return receipt

    def _attempt(self, prepared: Prepared) -> tuple[Receipt, bool]:
        """The receipt, and whether the line was lost (not slow) before anything of the letter went out."""
        try:
            return self._converse(prepared)
        except BaseException:
            # Stopped in the middle of a letter: what the server would answer next belongs to that letter.
            self._drop()
            raise

    def _converse(self, prepared: Prepared) -> tuple[Receipt, bool]:
        try:
            smtp = self._smtp or self._connect()
        except _Refused as refused:
            return self._give_rest(refused.receipt), False
        except (OSError, smtplib.SMTPException) as error:
            return self._give_rest(_unreachable(error)), False
        try:
            _announce(smtp, prepared)
        except _Refused as refused:
            return self._after_refusal(smtp, refused.receipt), False
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if _timed_out(error):
                return self._give_rest(_lost(Status.TEMPORARY, error)), False
            return _lost(Status.TEMPORARY, error), True
        return self._hand_over(smtp, prepared), False

    def _hand_over(self, smtp: smtplib.SMTP, prepared: Prepared) -> Receipt:
        try:
            smtp.send(_with_dots_doubled(prepared.data) + b".\r\n")
            code, message = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return _lost(Status.UNSURE, error)
        if 200 <= code < 300:
            return _receipt(Status.ACCEPTED, code, message)
        return self._after_refusal(smtp, _receipt(_by_code(code), code, message))

    def _after_refusal(self, smtp: smtplib.SMTP, receipt: Receipt) -> Receipt:
        """Make the connection ready for the next letter, or give it up."""
        try:
            if receipt.provider_code.startswith("421") or smtp.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return receipt

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        name = settings.hello_name or _own_name()
        if settings.tls is Tls.SSL:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                local_hostname=name,
                timeout=settings.timeout_seconds,
                context=self._context,
            )
        else:
            smtp = smtplib.SMTP(
                settings.host, settings.port, local_hostname=name, timeout=settings.timeout_seconds
            )
        try:
            _greet(smtp, settings, self._context)
        except BaseException:
            smtp.close()
            raise
        self._smtp = smtp
        return smtp

    def _give_rest(self, receipt: Receipt) -> Receipt:
        self._drop()
        self._rest.begin(receipt)
        return receipt

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def hang_up(self) -> None:
        if self._smtp is None:
            return
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()
        self._smtp = None


def _greet(smtp: smtplib.SMTP, settings: SmtpSettings, context: ssl.SSLContext | None) -> None:
    smtp.ehlo_or_helo_if_needed()
    if settings.tls is Tls.STARTTLS:
        smtp.starttls(context=context)
        smtp.ehlo()
    if settings.username:
        smtp.login(settings.username, settings.password or "")


def _announce(smtp: smtplib.SMTP, prepared: Prepared) -> None:
    """Sender, recipient and DATA, until the server says go ahead."""
    steps: list[tuple[Callable[[], tuple[int, bytes]], tuple[int, ...], bool]] = [
        (lambda: smtp.mail(prepared.sender.address), (250,), False),
        (lambda: smtp.rcpt(prepared.letter.to_address), (250, 251), True),
        (lambda: smtp.docmd("DATA"), (354,), True),
    ]
    for ask, wanted, about_recipient in steps:
        code, message = ask()
        if code not in wanted:
            raise _Refused(_by_code(code) if about_recipient else Status.TEMPORARY, (code, message))


def _by_code(code: int) -> Status:
    return Status.PERMANENT if 500 <= code < 600 else Status.TEMPORARY


def _with_dots_doubled(data: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line that begins with a dot is sent with two. Base64 has none, and looking is ten times cheaper."""
    if b"\n." not in data and not data.startswith(b"."):
        return data
    return re.sub(rb"(?m)^\.", b"..", data)


def _receipt(status: Status, code: int, message: bytes) -> Receipt:
    text = message.decode("utf-8", "replace")
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?=\s)", text)
    return Receipt(
        status=status,
        provider_code=f"{code} {enhanced.group()}" if enhanced else str(code),
        provider_message=" ".join(text.split())[:500],
    )


def _unreachable(error: Exception) -> Receipt:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Receipt(
            status=Status.TEMPORARY,
            provider_code=str(error.smtp_code),
            provider_message="邮件服务器拒绝登录，请检查账号和密码（或授权码）设置。",
        )
    if _timed_out(error):
        return _lost(Status.TEMPORARY, error)
    return Receipt(
        status=Status.TEMPORARY,
        provider_code="unreachable",
        provider_message=f"连不上邮件服务器，请检查地址、端口和加密方式设置。（{_words(error)}）",
    )


def _lost(status: Status, error: Exception) -> Receipt:
    code = "timeout" if _timed_out(error) else "line_dropped"
    what = "邮件服务器超时未答" if code == "timeout" else "与邮件服务器的连接中断"
    then = "对方是否收下不能确定。" if status is Status.UNSURE else "稍后自动重试。"
    return Receipt(status=status, provider_code=code, provider_message=f"{what}，{then}（{_words(error)}）")


def _timed_out(error: BaseException) -> bool:
    # smtplib wraps a timeout while reading into SMTPServerDisconnected.
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _own_name() -> str:
    """A name for EHLO without asking DNS, which can take seconds in a closed network."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


__all__ = ["SmtpChannel", "SmtpSettings", "Tls", "open_smtp"]


@contextmanager
def open_smtp(settings: SmtpSettings, allow: AllowList) -> Iterator[SmtpChannel]:
    """No connection is made before the first letter. Raises ChannelError for settings that cannot work."""
    if settings.username and settings.tls is Tls.NONE and not settings.login_without_tls:
        raise ChannelError(
            "邮件服务器未启用加密，登录密码会明文传输；请启用 STARTTLS 或 SSL，或明确允许明文登录。"
        )
    if not ((settings.username or "") + (settings.password or "")).isascii():
        raise ChannelError("邮件账号或密码含有非英文字符，请检查设置。")
    channel = SmtpChannel(settings, allow)
    try:
        yield channel
    finally:
        channel.close()


class SmtpChannel:
    """See open_channel. Safe to call from several threads."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings, allow: AllowList) -> None:
        self._allow = allow
        self._size = max(1, settings.connections)
        context = _tls_context(settings)
        rest = Backoff(settings.rest_seconds)
        self._lines: queue.LifoQueue[Connection] = queue.LifoQueue()
        for _ in range(self._size):
            self._lines.put(Connection(settings, context, rest))

    def send(self, prepared: Prepared) -> Receipt:
        """Hand one letter over, on whichever connection is free."""
        refusal = allowed(prepared.letter.to_address, self._allow)
        if refusal is not None:
            return Receipt(
                status=Status.PERMANENT, provider_code=refusal.code, provider_message=refusal.sentence
            )
        line = self._lines.get()
        try:
            return line.send(prepared)
        finally:
            self._lines.put(line)

    def send_many(self, letters: Iterable[Prepared]) -> Iterator[tuple[Prepared, Receipt]]:
        """All letters, as many at a time as there are connections; receipts come in the order of the letters."""
        if self._size == 1:
            for prepared in letters:
                yield prepared, self.send(prepared)
            return
        # The window keeps a long round from being read into memory ahead of the servers.
        window: deque[tuple[Prepared, Future[Receipt]]] = deque()
        with ThreadPoolExecutor(self._size, thread_name_prefix="smtp") as pool:
            for prepared in letters:
                window.append((prepared, pool.submit(self.send, prepared)))
                if len(window) >= 4 * self._size:
                    first, receipt = window.popleft()
                    yield first, receipt.result()
            while window:
                first, receipt = window.popleft()
                yield first, receipt.result()

    def close(self) -> None:
        """Say goodbye on every connection."""
        while not self._lines.empty():
            self._lines.get_nowait().hang_up()


def _tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    """Built once per channel: loading the certificate store takes longer than sending a letter."""
    if settings.tls is Tls.NONE:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ChannelError(f"读不了证书文件 {settings.ca_file}，请检查路径和格式。") from error
