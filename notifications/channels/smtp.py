"""Mail through the bureau's own server: reused connections, one recipient per message, the server's own answer."""

import queue
import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from notifications.allow_list import AllowList, allowed
from notifications.channels import ChannelError, Receipt, Status
from notifications.channels.smtp_line import Line, Rest, SmtpSettings, Tls
from notifications.letters import Prepared

__all__ = ["SmtpChannel", "SmtpSettings", "Tls", "open_channel"]


@contextmanager
def open_channel(settings: SmtpSettings, allow: AllowList) -> Iterator["SmtpChannel"]:
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
        rest = Rest(settings.rest_seconds)
        self._lines: queue.LifoQueue[Line] = queue.LifoQueue()
        for _ in range(self._size):
            self._lines.put(Line(settings, context, rest))

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
