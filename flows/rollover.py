"""滚动下一年度: from November on, proposes next year's editions and warns while its workdays are provisional."""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from flows import names
from tasks.papers import propose_year
from tasks.runtime import run_time

SHOWN = 400


@flow(name="滚动下一年度", flow_run_name=lambda: names.dated(names.ROLLOVER), timeout_seconds=1_800)
async def rollover(on: date | None = None) -> None:
    """Write the proposal and show what moved; nothing is published by it."""
    proposal = propose_year(run_time(on))
    lines = [f"## {proposal.to_year} 年度草案", "", *(f"- {sentence}" for sentence in proposal.sentences)]
    if proposal.folder is not None:
        lines += ["", "### 变动", "", *(f"- {line}" for line in proposal.report[:SHOWN])]
    await acreate_markdown_artifact(
        key=f"rollover-{proposal.to_year}",
        markdown="\n".join(lines),
        description=f"{proposal.to_year} 年度草案",
    )
