"""A bureau as people meet it: the command line, the letters in the outbox, the files in its folder; nothing behind them."""

from __future__ import annotations

import contextlib
import email.policy
import io
import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from calendars.reader import CALENDARS
from duban.cli.main import main
from tests.travel import travel


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one command left behind: its exit status, standard output and standard error."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter as a mail program shows it. `to` is the bare address; `text` is the plain-text part."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """One bureau's folder, entered by the command `duban` only."""

    home: Path

    def run(self, *words: str, on: str | None = None) -> Answer:
        """Run one command as a person would, on the morning of `on` if told, and keep all it answered."""
        if on:
            travel(on)
        out, err = io.StringIO(), io.StringIO()
        status = 0
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setenv("DUBAN_HOME", str(self.home))
            patch.setattr(sys, "argv", ["duban", *words])
            try:
                main()
            except SystemExit as left:
                status = int(left.code or 0)
        return Answer(status=status, out=out.getvalue(), err=err.getvalue())

    def done(self, *words: str, on: str | None = None) -> str:
        """Run a command that must succeed; what it said."""
        answer = self.run(*words, on=on)
        assert answer.status == 0, (words, answer)
        return answer.out

    def refused(self, *words: str, on: str | None = None) -> str:
        """Run a command that the rules must refuse; the sentence it gives."""
        answer = self.run(*words, on=on)
        assert answer.status == 1, (words, answer)
        return answer.err

    def ask(self, *words: str, on: str | None = None) -> Any:
        """The answer of a command to a script."""
        return json.loads(self.done(*words, "--json", on=on))

    def number(self, unit: str, milestone: str, *, on: str) -> str:
        """The number of a unit's obligation, read from its list."""
        found = self.ask("obligation", "list", "--unit", unit, "--on", on)["obligations"]
        [one] = [one for one in found if one["milestone"] == milestone]
        return str(one["id"])

    def show(self, number: str, *, on: str) -> Any:
        return self.ask("obligation", "show", number, "--on", on)

    def morning(self, day: str) -> list[Letter]:
        """Hold the round of a day; the letters that left on it."""
        before = set(self._files())
        self.done("round", "run", on=day)
        return [_read(path) for path in sorted(set(self._files()) - before)]

    def mornings(self, first: str, last: str) -> dict[str, list[Letter]]:
        """Hold the round of every day from the first to the last; the days on which letters left."""
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        left: dict[str, list[Letter]] = {}
        while day <= end:
            if letters := self.morning(day.isoformat()):
                left[day.isoformat()] = letters
            day += timedelta(days=1)
        return left

    def _files(self) -> list[Path]:
        return list((self.home / "outbox").rglob("*.eml"))


def calendars_of(folder: Path, *campaigns: str, year: str = "2026") -> Path:
    """A folder with a few of the real campaign files of a year."""
    (folder / year).mkdir(parents=True)
    shutil.copy(CALENDARS / "units.yaml", folder)
    for name in campaigns:
        own = Path(__file__).with_name(f"{name}.yaml")
        shutil.copy(own if own.exists() else CALENDARS / year / f"{name}.yaml", folder / year)
    return folder


def letters_to(address: str, letters: list[Letter]) -> list[Letter]:
    return [letter for letter in letters if letter.to == address]


def a_text(path: Path, text: str) -> Path:
    """A plain text file as somebody hands it in."""
    path.write_text(text + "\n", encoding="utf-8")
    return path


def a_pdf(path: Path, text: str) -> Path:
    """A small PDF of one page that says `text` (Latin letters), with a correct table of its objects."""
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    bodies = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(drawn)}>>\nstream\n{drawn}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    whole, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(whole))
        whole += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(bodies) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\n"
    path.write_bytes(f"{whole}{end}startxref\n{len(whole)}\n%%EOF\n".encode("ascii"))
    return path


def _read(path: Path) -> Letter:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(preferencelist=("plain",))
    assert body is not None
    [to] = message["To"].addresses
    return Letter(to=to.addr_spec, subject=str(message["Subject"]), text=body.get_content())
