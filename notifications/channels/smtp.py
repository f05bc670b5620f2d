"""Mail through the bureau's own server: reused connections, one recipient per message, the server's own answer."""

from __future__ import annotations

import queue
import re
import smtplib
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from notifications.channels import AllowList, Channel, ChannelError, Receipt, Status, address_refusal
from notifications.letters import Letter


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
    timeout_seconds: float = 30.0
    rest_seconds: float = 60.0
    connections: int = 2


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


class SmtpChannel(Channel):
    """See open_smtp. Safe to call from several threads."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings, allow: AllowList) -> None:
        self._allow = allow
        self._size = max(1, settings.connections)
        context, backoff = _tls_context(settings), Backoff(settings.rest_seconds)
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        for _ in range(self._size):
            self._idle.put(Connection(settings, context, backoff))

    def send(self, letter: Letter) -> Receipt:
        """Hand one letter over, on whichever connection is free."""
        refusal = address_refusal(letter.to_address, self._allow)
        if refusal is not None:
            return refusal
        connection = self._idle.get()
        try:
            return connection.send(letter)
        finally:
            self._idle.put(connection)

    def send_many(self, letters: Iterable[Letter]) -> Iterator[tuple[Letter, Receipt]]:
        """All letters, as many at a time as there are connections; receipts come in the order of the letters."""
        if self._size == 1:
            yield from super().send_many(letters)
            return
        # The window keeps a long round from being read into memory ahead of the servers.
        window: deque[tuple[Letter, Future[Receipt]]] = deque()
        with ThreadPoolExecutor(self._size, thread_name_prefix="smtp") as pool:
            for letter in letters:
                window.append((letter, pool.submit(self.send, letter)))
                if len(window) >= 4 * self._size:
                    first, receipt = window.popleft()
                    yield first, receipt.result()
            while window:
                first, receipt = window.popleft()
                yield first, receipt.result()

    def close(self) -> None:
        """Say goodbye on every connection."""
        while not self._idle.empty():
            self._idle.get_nowait().hang_up()


class Backoff:
    """Since when the server is left alone; shared by the connections of a channel."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0
        self._cause: Receipt | None = None

    def begin(self, cause: Receipt) -> Receipt:
        self._until = time.monotonic() + self._seconds
        self._cause = cause
        return cause

    def refusal(self) -> Receipt | None:
        left = self._until - time.monotonic()
        if self._cause is None or left <= 0:
            return None
        return replace(self._cause, retry_after_seconds=int(left) + 1)


class _Session(smtplib.SMTP):
    """smtplib's own dialogue, with the server's last answer kept: after 354 the letter itself is on its way."""

    answer: tuple[int, bytes] = (0, b"")

    def getreply(self) -> tuple[int, bytes]:
        self.answer = super().getreply()
        return self.answer


class _TlsSession(_Session, smtplib.SMTP_SSL):
    pass


class Connection:
    """One connection, opened when needed and opened again when it was lost."""

    def __init__(self, settings: SmtpSettings, context: ssl.SSLContext | None, backoff: Backoff) -> None:
        self._settings = settings
        self._context = context
        self._backoff = backoff
        self._session: _Session | None = None

    def send(self, letter: Letter) -> Receipt:
        resting = self._backoff.refusal()
        if resting is not None:
            return resting
        reused = self._session is not None
        receipt, nothing_sent = self._attempt(letter)
        # Servers drop idle connections, and some after so many letters; nothing was taken then, so ask once more.
        if reused and nothing_sent:
            receipt, _ = self._attempt(letter)
        return receipt

    def _attempt(self, letter: Letter) -> tuple[Receipt, bool]:
        """The receipt, and whether the line was lost (not slow) before anything of the letter went out."""
        try:
            session = self._session or self._connect()
        except (OSError, smtplib.SMTPException) as error:
            return self._backoff.begin(_unreachable(error)), False
        try:
            session.sendmail(letter.sender.address, [letter.to_address], letter.data)
            return _receipt(Status.ACCEPTED, *session.answer), False
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, message),) = refused.recipients.values()
            receipt = _receipt(_by_code(code), code, message)
        except smtplib.SMTPDataError as refused:
            receipt = _receipt(_by_code(refused.smtp_code), refused.smtp_code, refused.smtp_error)
        except smtplib.SMTPSenderRefused as refused:
            # Our own address: the recipient can do nothing about it, and the operator can. A letter too large stays so.
            status = Status.PERMANENT if refused.smtp_code == _TOO_LARGE else Status.TEMPORARY
            receipt = _receipt(status, refused.smtp_code, refused.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if session.answer[0] == _GO_AHEAD:
                return _lost(Status.UNSURE, error), False
            if _timed_out(error):
                return self._backoff.begin(_lost(Status.TEMPORARY, error)), False
            return _lost(Status.TEMPORARY, error), True
        except BaseException:
            # Stopped in the middle of a letter: what the server would answer next belongs to that letter.
            self._drop()
            raise
        # After a refusal smtplib asks the server to forget the letter; it is ready for the next when it has said so.
        if session.sock is None or session.answer[0] != _DONE:
            self._drop()
        return receipt, False

    def _connect(self) -> _Session:
        settings = self._settings
        name, timeout = _own_name(), settings.timeout_seconds
        session: _Session
        if settings.tls is Tls.SSL:
            session = _TlsSession(
                settings.host, settings.port, local_hostname=name, timeout=timeout, context=self._context
            )
        else:
            session = _Session(settings.host, settings.port, local_hostname=name, timeout=timeout)
        try:
            session.ehlo_or_helo_if_needed()
            if settings.tls is Tls.STARTTLS:
                session.starttls(context=self._context)
                session.ehlo()
            if settings.username:
                session.login(settings.username, settings.password or "")
        except BaseException:
            session.close()
            raise
        self._session = session
        return session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def hang_up(self) -> None:
        if self._session is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._session.quit()
        self._drop()


_DONE, _GO_AHEAD = 250, 354
_TOO_LARGE = 552


def _by_code(code: int) -> Status:
    return Status.PERMANENT if 500 <= code < 600 else Status.TEMPORARY


def _receipt(status: Status, code: int, message: bytes | str) -> Receipt:
    text = message if isinstance(message, str) else message.decode("utf-8", "replace")
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


def _tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    """Built once per channel: loading the certificate store takes longer than sending a letter."""
    if settings.tls is Tls.NONE:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ChannelError(f"读不了证书文件 {settings.ca_file}，请检查路径和格式。") from error
