"""A browser without a screen: fetches pages over HTTP, checks each of them, fills in the forms it finds there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.portal.checks import page_faults, page_tree, text_of, visible_text

SEEN_HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. `text` is what people read on it, with single spaces."""

    response: httpx2.Response

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    @property
    def path(self) -> str:
        return urlsplit(str(self.response.url)).path

    @property
    def tree(self) -> Element:
        return page_tree(self.response.text)[0]

    @property
    def text(self) -> str:
        body = self.tree.find("body")
        return " ".join(visible_text(body if body is not None else self.tree).split())

    @property
    def title(self) -> str:
        return " ".join(text_of(next(self.tree.iter("h1"))).split())

    def links(self) -> list[str]:
        return [one.get("href") or "" for one in self.tree.iter("a")]

    def forms(self) -> list[Element]:
        return list(self.tree.iter("form"))

    def form(self, action: str) -> Element:
        """The one form whose action is this (the first, when a list repeats it)."""
        for one in self.forms():
            if urlsplit(one.get("action") or self.path).path == action:
                return one
        raise AssertionError(
            f"{self.path} has no form for {action}: {[f.get('action') for f in self.forms()]}"
        )


def fields_of(form: Element) -> dict[str, Any]:
    """What a browser would send of an untouched form."""
    sent: dict[str, Any] = {}
    for one in form.iter():
        name = one.get("name")
        if not name or one.get("disabled") is not None:
            continue
        if one.tag == "textarea":
            sent[name] = text_of(one).removeprefix("\n")
        elif one.tag == "select":
            options = list(one.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            sent[name] = [option.get("value", text_of(option)) for option in chosen][-1] if chosen else ""
        elif one.tag == "input" and one.get("type") not in ("file", "submit", "button", "image"):
            if one.get("type") in ("checkbox", "radio") and one.get("checked") is None:
                continue
            sent[name] = one.get("value", "on" if one.get("type") == "checkbox" else "")
    return sent


class PageClient:
    """One person's browser. Every HTML answer is checked; redirects are followed as browsers do."""

    def __init__(self, app: FastAPI, *, cookies: Mapping[str, str] | None = None) -> None:
        self.http = TestClient(app, base_url="http://portal.test", raise_server_exceptions=True)
        for name, value in (cookies or {}).items():
            self.http.cookies.set(name, value)

    def get(self, path: str, *, expect: int = 200) -> Page:
        return self._checked(self.http.get(path), expect)

    def post(self, path: str, *, expect: int = 200, **options: Any) -> Page:
        """A bare POST: without what a form would carry."""
        return self._checked(self.http.post(path, **options), expect)

    def fill(self, page: Page, action: str, *, expect: int = 200, files: Any = None, **fields: Any) -> Page:
        """Send the page's form for `action` with these fields changed; a field set to None is not sent."""
        form = page.form(action)
        sent = {key: value for key, value in {**fields_of(form), **fields}.items() if value is not None}
        return self._checked(self.http.post(action, data=sent, files=files), expect)

    def _checked(self, response: httpx2.Response, expect: int) -> Page:
        where = f"{response.request.method} {response.url}"
        page = Page(response)
        assert response.status_code == expect, (where, response.status_code, _gist(response))
        for name in SEEN_HEADERS:
            assert name in response.headers, f"{where} lacks {name}"
        if response.headers.get("content-type", "").startswith("text/html"):
            assert page_faults(response.text) == [], where
        return page


def _gist(response: httpx2.Response) -> str:
    if "html" in response.headers.get("content-type", ""):
        return Page(response).text[:600]
    return response.text[:600]
