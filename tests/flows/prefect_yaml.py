"""Writes prefect.yaml from flows/deployments.py.

python -m tests.flows.prefect_yaml      write it anew
"""

from __future__ import annotations

from pathlib import Path

from calendars.model import KIND_NAMES
from flows.deployments import HOUSE, STEPS, Plan
from flows.names import TAG

FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"
HEAD = """\
# For those who outgrow one machine: the same deployments on a work pool, served by workers on several machines.
# On one machine nothing of this is needed: `duban up` registers and serves them itself.
#
#   prefect work-pool create 督办 --type process
#   prefect deploy --all                      the deployments below
#   python -m flows.register --pool 督办      the editions' own timelines, from the ledger
#   prefect worker start --pool 督办 --limit 2
#
# Every worker needs this package installed, PREFECT_API_URL, and the same DUBAN_ settings (PostgreSQL, S3).
# Written from flows/deployments.py by `python -m tests.flows.prefect_yaml`.
name: duban
prefect-version: 3.8.8

# The package is installed where workers run; nothing is pulled.
pull: []

definitions:
  work_pools:
    bureau: &bureau
      name: 督办

deployments:
"""
MANUAL = "  # One per kind of campaign, without a schedule: for a run by hand with campaign and year as parameters.\n"


def page() -> str:
    by_hand = [
        Plan(
            name="手动",
            flow=STEPS[kind],
            description=f"{name}类专项行动的一步，手动运行时填写专项行动代码与年度。",
            tags=(TAG, name),
        )
        for kind, name in KIND_NAMES.items()
    ]
    return HEAD + "\n".join(map(_entry, HOUSE)) + "\n" + MANUAL + "\n".join(map(_entry, by_hand))


def _entry(plan: Plan) -> str:
    lines = [
        f"  - name: {plan.name}",
        f"    entrypoint: {plan.flow}",
        f"    description: {plan.description}",
        f"    tags: [{', '.join(plan.tags)}]",
    ]
    if plan.parameters:
        lines.append(
            f"    parameters: {{{', '.join(f'{key}: {one}' for key, one in plan.parameters.items())}}}"
        )
    lines.append("    work_pool: *bureau")
    if plan.schedules:
        lines.append("    schedules:")
    for one in plan.schedules:
        lines.append(f'      - {{cron: "{one.cron}", timezone: {one.timezone}, slug: {one.slug}}}')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
