"""What surrounds every answer: security headers, and a limit on bodies that holds while they stream in."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
}
HSTS = "max-age=31536000"
# A browser that is refused in mid-upload shows our sentence only if we go on listening for a while.
DRAIN_BYTES = 64 * 1024 * 1024
DRAIN_SECONDS = 10
TOO_LARGE = "一次提交的内容超过上限，没有收下任何一部分；请把材料分几次报送，或压缩后再试。"


class SecurityHeaders:
    """Adds what every answer carries; an answer that names one of them itself keeps its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = {**HEADERS, "strict-transport-security": HSTS} if https else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class TooLarge(Exception):
    """More came than may."""


class BodyLimit:
    """Refuses bodies over a limit: at once when the length is announced, else as soon as it is passed.

    `most_text_bytes`: the limit of what cannot hold files, which is taken in whole; the same where none is given.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int, most_text_bytes: int | None = None) -> None:
        self._app = app
        self._most = most_bytes
        self._most_text = most_bytes if most_text_bytes is None else min(most_bytes, most_text_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        holds_files = headers.get("content-type", "").lower().startswith("multipart/")
        most = self._most if holds_files else self._most_text
        announced = headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > most:
            await drain(receive)
            await self._app(scope, _refused, send)
            return
        await self._app(scope, self._counting(receive, most), send)

    def _counting(self, receive: Receive, most: int) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                await drain(receive)
                raise TooLarge
            return message

        return counted


async def drain(receive: Receive) -> None:
    """Read on and drop, within bounds, so that the other side gets to our answer."""
    dropped = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while dropped < DRAIN_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _refused() -> Message:
    raise TooLarge
