"""`make bench`: run every measurement, print each ratio beside the figure asked for, and keep them in a file.

python -m benchmarks            all of them, at full size
python -m benchmarks rounds     one
python -m benchmarks --small    a tenth of the size, to see that they run
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.figure import Figure

MODULES = ("workdays", "apply", "rounds", "delivery", "mail", "prefect_idiom", "handing_in", "pages")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="、".join(MODULES))
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    wanted = parser.parse_args()
    figures: list[Figure] = []
    for name in wanted.modules or MODULES:
        for figure in import_module(f"benchmarks.{name}").measure(small=wanted.small):
            figures.append(figure)
            print(line(figure), flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps([asdict(f) for f in figures], ensure_ascii=False, indent=1))


def line(figure: Figure) -> str:
    verdict = "reached" if figure.reached else "MISSED"
    if figure.at_most is not None:
        asked = f"≤ {figure.at_most:g}"
    elif figure.at_least is not None:
        asked = f"≥ {figure.at_least:g}"
    else:
        asked, verdict = "nothing", "reported"
    return f"{figure.name:<58} {figure.ratio:>9.2f}   asked {asked:<8} {verdict:<8} {figure.detail}"


if __name__ == "__main__":
    main()
