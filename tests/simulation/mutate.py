"""Plants one fault at a time in a copy of the code and asks who notices it: the rehearsal, or the noun's own test.

`python -m tests.simulation.mutate` (make mutate) runs the whole table of tests/simulation/mutants.py and prints which
fault was caught by what; it fails when fewer than 95 of 100 are caught.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.simulation.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
CODE = ("calendars", "duban", "flows", "notifications", "tasks", "tests", "docs", "pyproject.toml")
# A fault may make the year endless; nobody waits longer than this for it.
LONGEST_SECONDS = 300
WANTED_PERCENT = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one planted fault; `by` is the invariant's sentence or the test, None when it survived."""

    mutant: Mutant
    by: str | None
    seconds: float


def run(
    mutants: Sequence[Mutant] = MUTANTS, *, jobs: int = 1, tell: Callable[[Verdict], None] = lambda _: None
) -> list[Verdict]:
    """Plant each and judge it, `jobs` at a time, each in a copy of its own; tells each verdict as it comes."""
    with TemporaryDirectory(prefix="duban-mutants-") as place:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copies.put(_copy(Path(place) / str(number)))

        # Where the code as it is breaks something already, every fault would seem to be caught.
        whole = copies.get()
        assert (broken := _rehearsed(whole)) is None, f"the rehearsal without a fault: {broken}"
        copies.put(whole)

        def judge(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                verdict = _judged(mutant, copy)
                tell(verdict)
                return verdict
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(jobs) as workers:
            return list(workers.map(judge, mutants))


def planted(mutant: Mutant, root: Path = ROOT) -> str:
    """The file's text with the fault in it. Fails when the place is gone or not the only one."""
    text = (root / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"“{mutant.says}”: {text.count(mutant.old)} places in {mutant.file}"
    return text.replace(mutant.old, mutant.new)


def _copy(to: Path) -> Path:
    to.mkdir()
    for name in CODE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("expected", ".*"))
        elif source.exists():
            shutil.copy2(source, to / name)
    return to


def _judged(mutant: Mutant, copy: Path) -> Verdict:
    began = time.monotonic()
    with _in_place(mutant, copy):
        by = _rehearsed(copy) if mutant.rehearsed else None
        if by is None and mutant.test:
            by = _tested(copy, mutant.test)
    return Verdict(mutant=mutant, by=by, seconds=time.monotonic() - began)


@contextmanager
def _in_place(mutant: Mutant, copy: Path) -> Iterator[None]:
    """The fault stands in the copy, and afterwards the file as it was, with its old time so that its cache holds."""
    place = copy / mutant.file
    whole, kept = place.read_bytes(), place.stat()
    place.write_text(planted(mutant, copy), encoding="utf-8")
    try:
        yield
    finally:
        place.write_bytes(whole)
        os.utime(place, ns=(kept.st_atime_ns, kept.st_mtime_ns))


def _rehearsed(copy: Path) -> str | None:
    """The first violation, or how the rehearsal broke down."""
    done = _python(copy, "-m", "tests.simulation.scenario")
    if done is None:
        return "rehearsal: never ends"
    if done.returncode:
        return f"rehearsal: {done.stderr.strip().splitlines()[-1][:100]}"
    violations = json.loads(done.stdout)
    return f"rehearsal: {violations[0][:100]} ({len(violations)})" if violations else None


def _tested(copy: Path, test: str) -> str | None:
    done = _python(copy, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *test.split())
    # 1 is a failed test; anything else is a test that is not there any more.
    assert done is None or done.returncode in (0, 1), f"{test}: {done.stdout[-500:]}{done.stderr[-500:]}"
    return test if done is None or done.returncode == 1 else None


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Python in the copy, before anything that is installed; None when it took too long."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def _line(one: Verdict) -> str:
    return f"{one.mutant.area:<10}  {one.mutant.says}  →  {one.by or 'SURVIVED'}  [{one.seconds:.0f} s]"


def _sum(verdicts: Sequence[Verdict]) -> Iterator[str]:
    survivors = [one.mutant.says for one in verdicts if one.by is None]
    caught = len(verdicts) - len(survivors)
    yield f"{caught} of {len(verdicts)} caught ({100 * caught / len(verdicts):.1f} %)"
    yield from (f"survived: {says}" for says in survivors)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", metavar="WORDS", help="faults whose words or area contain this")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = options.parse_args()
    mutants = [one for one in MUTANTS if not chosen.only or chosen.only in f"{one.area} {one.says}"]
    verdicts = run(mutants, jobs=chosen.jobs, tell=lambda one: print(_line(one), flush=True))
    print("\n".join(_sum(verdicts)))
    caught = sum(one.by is not None for one in verdicts)
    return 0 if 100 * caught >= WANTED_PERCENT * len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
