"""A real Chromium before a real server, with phones and desktops; pictures of what was seen are kept as test output."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from duban.portal.access import COOKIE
from tests.conftest import CHROMIUM
from tests.portal.bureau import Portal
from tests.portal.conftest import furnished_portal, portal  # noqa: F401  # the furnished bureau is the same
from tests.portal.server import serving

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-output" / "browser"
# Nothing but our own server is asked: the browser's own errands are switched off.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 20_000
# A busy machine is no fault of the page.
expect.set_options(timeout=PATIENCE_MS)
WINDOWS = {"phone": (390, 844), "desktop": (1366, 900)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests say so plainly; where it is required (REQUIRE_BROWSER) they fail instead."""
    if CHROMIUM or os.environ.get("REQUIRE_BROWSER"):
        return
    missing = pytest.mark.skip(reason="没有 Chromium：浏览器测试没有运行，请安装 chromium 后再试")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(missing)


@dataclass(frozen=True, slots=True)
class Served:
    """The furnished bureau behind a real server on this machine."""

    portal: Portal
    url: str


@dataclass(slots=True)
class Person:
    """One person before one window. `look` keeps a picture and checks accessibility."""

    page: Page
    url: str
    name: str
    script: bool

    def open(self, path: str) -> None:
        answer = self.page.goto(self.url + path)
        assert answer is not None and answer.status < 400, (path, answer and answer.status)

    def look(self, what: str) -> None:
        """Keep a picture; no page may be wider than its window or have a serious fault of accessibility."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(
            path=PICTURES / f"{re.sub(r'[^a-z0-9-]', '', f'{what}-{self.name}')}.png", full_page=True
        )
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width, (
            f"{what} is wider than the window"
        )
        if not self.script:
            # The checker is a script itself.
            return
        found = Axe().run(self.page).response["violations"]
        grave = [
            (one["id"], [node["html"][:160] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == [], (what, grave)


@pytest.fixture
def served(portal: Portal) -> Iterator[Served]:  # noqa: F811  # a fixture's name is how it is asked for
    with serving(portal) as url:
        yield Served(portal, url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its file: while it is open its driver's event loop runs in this process, which others would meet."""
    assert CHROMIUM, "没有 Chromium，请先安装"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield browser
        browser.close()


@contextmanager
def at_window(
    browser: Browser, served: Served, who: str | None, window: str, *, script: bool = True
) -> Iterator[Person]:
    """A person before a phone or a desktop, signed in unless `who` is None, with or without script."""
    width, height = WINDOWS[window]
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        java_script_enabled=script,
        has_touch=window == "phone",
    )
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    if who is not None:
        token = served.portal.as_(who).http.cookies[COOKIE]
        context.add_cookies([{"name": COOKIE, "value": token, "url": served.url}])
    context.set_default_timeout(PATIENCE_MS)
    person = Person(context.new_page(), served.url, f"{window}{'' if script else '-noscript'}", script)
    try:
        yield person
    finally:
        context.close()
    outside = [url for url in asked if not url.startswith((served.url, "data:", "blob:"))]
    assert outside == [], "a page asked another server"
