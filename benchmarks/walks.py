"""How many of our files and functions one journey passes, how often it loads its obligation and asks the database.

    python -m benchmarks.walks

A hand-in: from the route to its answer, one PNG in one form, by TestClient on a fresh SQLite ledger. A campaign file:
from its path to obligation rows. Counted with sys.setprofile; every product file with a called function counts once.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from starlette.testclient import TestClient

from benchmarks.handing_in_world import furnish, with_key
from benchmarks.ledgers import LEDGERS
from calendars.reader import units_of
from duban.core import clock
from duban.core.access import SYSTEM
from duban.editions.files import apply_file
from duban.portal.app import create_app
from duban.units.importing import import_unit_book

ROOT = Path(__file__).resolve().parents[1]
ROOMS = tuple(f"{ROOT / room}/" for room in ("duban", "calendars", "notifications", "tasks", "flows"))
# Small PNG signature and header; whoever sniffs it sees a picture.
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


@dataclass
class Walk:
    """What was passed, whole or only while the function `within` runs; files are relative to the repository."""

    within: str = ""
    inside: bool = False
    files: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)

    def see(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event not in ("call", "return") or not code.co_filename.startswith(ROOMS):
            return
        if code.co_name == self.within:
            self.inside = event == "call"
        # A module being imported is no step of the journey.
        if event == "call" and (self.inside or not self.within) and code.co_name != "<module>":
            name = code.co_filename.removeprefix(f"{ROOT}/")
            self.files.add(name)
            self.calls[f"{name}:{code.co_name}"] += 1

    def of(self, function: str) -> int:
        return sum(count for name, count in self.calls.items() if name.endswith(f":{function}"))


@contextmanager
def walking(walk: Walk) -> Iterator[Walk]:
    threading.setprofile(walk.see)
    sys.setprofile(walk.see)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def hand_in() -> tuple[Walk, Walk]:
    """The whole request with everything around it, and only the route's function."""
    whole, route = Walk(), Walk(within="hand_in_evidence")
    with LEDGERS["SQLite"]() as fresh, fresh() as furnished:
        bureau = with_key(furnished)
        handlers = furnish(bureau, 3)
        # The first warms what is made once: templates, caches.
        for one, walk in zip(handlers, (Walk(), whole, route), strict=True):
            with walking(walk):
                # Made anew, because only threads that begin now are watched.
                client = TestClient(create_app(bureau), follow_redirects=False)
                client.cookies.set("duban_session", one.token)
                answer = client.post(
                    f"/my/{one.obligation_id}/submit",
                    data={"csrf": one.csrf, "version": "1"},
                    files={"file:plan": ("plan.png", PNG, "image/png")},
                )
            assert answer.status_code == 303, answer.text
    return whole, route


def apply() -> Walk:
    """A campaign file's fourteen obligations."""
    with LEDGERS["SQLite"]() as fresh, fresh() as bureau:
        import_unit_book(bureau, units_of(ROOT / "calendars"), by=SYSTEM, now=clock.now())
        walk = Walk()
        with walking(walk):
            apply_file(
                bureau, ROOT / "calendars" / "2026" / "place_name_signs.yaml", by=SYSTEM, now=clock.now()
            )
        return walk


def main() -> None:
    whole, route = hand_in()
    print(
        f"hand-in: {len(route.files)} files from the route to its answer, {len(whole.files)} with the request around"
    )
    print(f"  loads of its obligation: {whole.of('load_obligation')}")
    # A context manager's generator is entered twice: to begin and to go on.
    reading, writing = whole.of("reading") // 2, whole.of("writing") // 2
    print(f"  transactions: {reading + writing} ({reading} reading, {writing} writing)")
    walk = apply()
    print(f"campaign file: {len(walk.files)} files from its path to obligation rows")
    for name, files in (("hand-in", route.files), ("campaign file", walk.files)):
        print(f"{name}: {' '.join(sorted(files))}")


if __name__ == "__main__":
    main()
