"""The record of one bureau: what was asked at its doors, in order, and what each of them answered."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from tests.golden.doors import Answer, Doors, commands
from tests.golden.markup import page_tree
from tests.golden.recording import Plain, as_json, kept, page_lines, sheet_lines
from tests.travel import travel

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
PASSWORD = "golden-Word-2026"


@dataclass(slots=True)
class Play:
    """`files` are the golden files by name, each a list of answers; `ran` and `got` say what was asked at all."""

    doors: Doors
    folder: Path
    files: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ran: set[str] = field(default_factory=set)
    got: set[str] = field(default_factory=set)
    plain: Plain = field(default_factory=Plain)
    tree: tuple[str, ...] = ()
    people: dict[str, int] = field(default_factory=dict)
    browsers: dict[str, TestClient] = field(default_factory=dict)
    numbers: dict[tuple[str, str, str], str] = field(default_factory=dict)
    shown: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)
    letters: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.plain = Plain(home=str(self.doors.home.resolve()), folder=str(self.folder.resolve()))
        self.tree = tuple(commands())

    # The command line

    def run(self, *words: str, typed: str = "", home: Path | None = None, on: str | None = None) -> Answer:
        """Travel to the morning of `on`, if told; run and record: in JSON where the words say --json, else as people read it."""
        if on:
            travel(on)
        answer = self.doors.run(*words, typed=typed, home=home)
        name = self._command(words)
        self.ran.add(name)
        self.note(
            f"cli/{name.split()[0]}.txt",
            f"$ duban {' '.join(words)}",
            f"exit {answer.status}",
            *_said(answer, self.plain),
        )
        return answer

    def both(self, *words: str) -> Any:
        """Record what people read and what scripts read."""
        self.run(*words)
        answer = self.run(*words, "--json")
        return json.loads(answer.out) if answer.out else None

    def act(self, *words: str, on: str | None = None) -> Any:
        """Record the trial run as people read it, then do it and record the JSON."""
        self.run(*words, "--dry-run", on=on)
        answer = self.run(*words, "--json")
        return json.loads(answer.out) if answer.out.strip() else None

    def done(self, *words: str) -> Any:
        """The same, and it must succeed: what follows stands on it."""
        answer = self.run(*words, "--json")
        assert answer.status == 0, (words, answer)
        return json.loads(answer.out) if answer.out.strip() else None

    def ask(self, *words: str) -> Any:
        """An answer that is needed here and recorded elsewhere."""
        answer = self.doors.run(*words, "--json")
        assert answer.status == 0, (words, answer)
        return json.loads(answer.out)

    def _command(self, words: tuple[str, ...]) -> str:
        found = [name for name in self.tree if words[: len(name.split())] == tuple(name.split())]
        assert len(found) == 1, words
        return found[0]

    def mail(self, heading: str) -> None:
        """Record the letters that have left since they were last looked at."""
        came = sorted(set((self.doors.home / "outbox").rglob("*.eml")) - self.letters)
        self.letters.update(came)
        told = sorted((_letter(path) for path in came), key=lambda lines: lines[:2])
        self.note(
            "letters.txt", f"=== {heading}: {len(told)}", *(line for one in told for line in ("", *one))
        )

    # The portal

    def browser(self, who: str) -> TestClient:
        """A browser of this person, who came in by a one-time link and chose a password."""
        if who == "visitor":
            return self.doors.browser()
        if who not in self.browsers:
            self.browsers[who] = self._link(who[5:]) if who.startswith("link:") else self._sign_in(who)
        return self.browsers[who]

    def _sign_in(self, name: str) -> TestClient:
        client = self.doors.browser()
        by = "孔干事" if name == "安全员" else "安全员"
        path = self.ask("account", "one-time", name, "--as", by)["path"]
        client.post(path, data={"csrf": _csrf(client.get(path))})
        page = client.get("/account/password")
        chosen = {"csrf": _csrf(page), "password": PASSWORD, "password_again": PASSWORD}
        answer = client.post("/account/password", data=chosen, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        # What is said once is said here.
        client.get("/account")
        return client

    def _link(self, address: str) -> TestClient:
        """A browser that came by the link in the latest letter to this address."""
        for path in sorted((self.doors.home / "outbox").rglob("*.eml"), reverse=True):
            message = _message(path)
            found = re.search(r"http://portal\.test(/l/[\w.?=&-]+)", _text(message))
            if address in str(message["To"]) and found:
                client = self.doors.browser()
                assert client.get(found[1]).status_code == 200
                return client
        raise AssertionError(f"no letter with a link to {address}")

    def page(self, who: str, path: str, *, route: str, file: str, part: str = "main") -> httpx2.Response:
        """Get and record one answer."""
        answer = self.browser(who).get(path, follow_redirects=False)
        self.got.add(shape(route))
        lines = tuple(_answered(answer, part, self.plain))
        first = self.shown.setdefault((path, lines), who)
        heads = f"=== {who} GET {path}"
        self.note(f"pages/{file}.txt", *((heads, *lines) if first == who else (f"{heads}: as for {first}",)))
        return answer

    def send(self, who: str, page: str, action: str, *, files: Any = None, **fields: Any) -> httpx2.Response:
        """Fill in the form for `action` on `page`, send it, record where it led and what was said there."""
        client = self.browser(who)
        shown = client.get(page)
        sent = {**_fields(shown.text, action), **fields}
        sent = {key: value for key, value in sent.items() if value is not None}
        answer = client.post(action, data=sent, files=files, follow_redirects=False)
        said = []
        if answer.status_code == 303 and not answer.headers["location"].startswith("http"):
            said = page_lines(client.get(answer.headers["location"]).text)[:4]
        self.note(
            "pages/_acts.txt",
            f"=== {who} POST {action} {_shown(fields, files)}",
            *_answered(answer, "main", self.plain),
            *said,
        )
        return answer

    def csrf(self, who: str, page: str = "/account") -> str:
        return _csrf(self.browser(who).get(page))

    def api(self, token: str, path: str, *, route: str) -> httpx2.Response:
        answer = self.doors.browser().get(f"/api/v1{path}", headers={"authorization": f"Bearer {token}"})
        self.got.add(shape("/api/v1" + route))
        self.note(
            "api/" + route.strip("/").split("/")[0] + ".txt",
            f"=== GET {path}",
            *_answered(answer, "main", self.plain),
        )
        return answer

    def note(self, file: str, *lines: str) -> None:
        self.files[file].append(kept(self.plain("\n".join(lines))))

    def written(self) -> dict[str, str]:
        """The golden files as they are written."""
        return {name: "\n\n".join(answers) + "\n" for name, answers in sorted(self.files.items())}


def shape(route: str) -> str:
    """An address without the names of its parameters, which may change."""
    return re.sub(r"\{[^}]*\}", "{}", route)


def _said(answer: Answer, plain: Plain) -> list[str]:
    # What is random is replaced first: its length must not decide where lines break.
    text = plain(answer.out.rstrip("\n"))
    try:
        text = as_json(json.loads(text))
    except ValueError:
        text = "\n".join(line.rstrip() for line in text.splitlines())
    err = [f"stderr: {line.rstrip()}" for line in answer.err.splitlines()]
    return ([text] if text else []) + err


def _answered(answer: httpx2.Response, part: str, plain: Plain) -> list[str]:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    heads = [f"{answer.status_code} {kind}".strip()]
    for name in ("location", "content-disposition"):
        if name in answer.headers:
            heads.append(f"{name}: {answer.headers[name]}")
    if kind == "text/html":
        return [*heads, *page_lines(answer.text, part=part)]
    if kind in ("application/json", "application/problem+json"):
        return [*heads, as_json(json.loads(plain(answer.text)))]
    if "spreadsheetml" in kind:
        return [*heads, *sheet_lines(answer.content)]
    if kind.startswith("text/"):
        return [*heads, *answer.text.splitlines()]
    return [*heads, f"{len(answer.content)} bytes"] if answer.content else heads


def _csrf(page: httpx2.Response) -> str:
    found = CSRF.search(page.text)
    assert found, (page.url, page.status_code, page.text[:500])
    return found[1]


def _fields(html: str, action: str) -> dict[str, Any]:
    """What a browser would send of the first form with this action, untouched."""
    forms = [one for one in page_tree(html).all("form") if one.get("method") == "post"]
    form = next((one for one in forms if one.get("action") == action), None)
    if form is None:
        form = next((one for one in forms if not one.get("action")), None)
    assert form is not None, (action, [one.get("action") for one in forms])
    sent: dict[str, Any] = {}
    for one in form.each():
        name = one.get("name")
        if not name or one.get("disabled") is not None:
            continue
        if one.name == "textarea":
            sent[name] = one.text.removeprefix("\n")
        elif one.name == "select":
            options = list(one.all("option"))
            chosen = [each for each in options if each.get("selected") is not None] or options[:1]
            sent[name] = chosen[-1].get("value", chosen[-1].text) if chosen else ""
        elif one.name == "input" and one.get("type") not in ("file", "submit", "button", "image"):
            if one.get("type") in ("checkbox", "radio") and one.get("checked") is None:
                continue
            sent[name] = one.get("value", "on" if one.get("type") == "checkbox" else "")
    return sent


def _shown(fields: dict[str, Any], files: Any) -> str:
    names = [f"{key}={value}" for key, value in fields.items() if value is not None]
    names += [f"{key}=@{one[0]}" for key, one in (files or {}).items()]
    return " ".join(" ".join(names).split())[:400]


def _message(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _text(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain",))
    return body.get_content() if body is not None else ""


def _letter(path: Path) -> list[str]:
    message = _message(path)
    heads = [f"{name}: {message[name]}" for name in ("To", "Subject", "From", "Date") if message[name]]
    return [*heads, *(line.rstrip() for line in _text(message).rstrip().splitlines())]
