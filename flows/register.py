"""Registers every deployment, editions included, on a work pool, for those who outgrow one machine."""

from __future__ import annotations

import argparse
import asyncio
import sys

from duban.core.errors import DubanError
from flows.deployments import Plan
from flows.serve import as_deployment, plans_now
from tasks.policy import require_server


def main() -> None:
    """`python -m flows.register --pool NAME`."""
    parser = argparse.ArgumentParser(prog="flows.register")
    parser.add_argument("--pool", required=True)
    chosen = parser.parse_args()
    try:
        require_server()
        plans = plans_now()
    except DubanError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    asyncio.run(_register(plans, chosen.pool))
    sys.stdout.write(f"已在工作池“{chosen.pool}”登记 {len(plans)} 个部署。\n")


async def _register(plans: tuple[Plan, ...], pool: str) -> None:
    for plan in plans:
        await (await as_deployment(plan)).aapply(work_pool_name=pool)


if __name__ == "__main__":
    main()
