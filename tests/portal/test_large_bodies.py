"""Bodies larger than anybody's evidence: refused in one sentence while they come, and nothing of them is kept."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from duban.accounts.sessions import SignedIn, find_session
from duban.portal.access import COOKIE
from duban.portal.middleware import TOO_LARGE
from tests.portal.bureau import TIANNING, Portal
from tests.portal.server import serving

TWO_GIGABYTES = 2 * 1024**3
PIECE = b"x" * 65536
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="plan.pdf"\r\n\r\n'


def _head(portal: Portal, url: str, token: str, *headers: str) -> bytes:
    found = find_session(portal.bureau, token, now=portal.moment)
    assert isinstance(found, SignedIn)
    lines = (
        f"POST /my/{portal.signs[TIANNING]}/submit HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Cookie: {COOKIE}={token}",
        f"X-CSRF: {found.csrf}",
        "Content-Type: multipart/form-data; boundary=x",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _speak(url: str, head: bytes, pieces: int, frame: bool) -> tuple[str, int]:
    """Send a head and pieces until the other side has had enough; what it answered, and how many pieces it took."""
    address = urlsplit(url)
    sent = 0
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30) as line:
        line.sendall(head)
        try:
            line.sendall(_framed(PART) if frame else PART)
            while sent < pieces:
                line.sendall(_framed(PIECE) if frame else PIECE)
                sent += 1
        except OSError:
            # It closed its ears; what it said before may still be read.
            pass
        answer = b""
        try:
            while more := line.recv(65536):
                answer += more
        except OSError:
            pass
    return answer.decode("utf-8", "replace"), sent


def _framed(piece: bytes) -> bytes:
    """One chunk of a body whose length was not announced."""
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "evidence" in path.parts]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
def test_two_gigabytes_are_refused_with_a_sentence_and_leave_nothing(portal: Portal, announced: bool) -> None:
    length = f"Content-Length: {TWO_GIGABYTES}" if announced else "Transfer-Encoding: chunked"
    token = portal.as_("王科长").http.cookies[COOKIE]
    before = _files_in(portal.bureau.settings.home)
    began = time.monotonic()

    with serving(portal) as url:
        answer, taken = _speak(
            url, _head(portal, url, token, length), TWO_GIGABYTES // len(PIECE), frame=not announced
        )

    assert " 413 " in answer.splitlines()[0]
    assert TOO_LARGE in answer
    assert taken * len(PIECE) < TWO_GIGABYTES / 2, "it listened far too long"
    assert time.monotonic() - began < 60
    assert _files_in(portal.bureau.settings.home) == before
