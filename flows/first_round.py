"""The first morning round of `duban run`: started through Prefect like any other, waited for, and told to people."""

from __future__ import annotations

from prefect.deployments import arun_deployment

from duban.core import clock
from duban.wiring import open_bureau, where_mail_goes

WAIT_SECONDS = 900


async def hold() -> tuple[str, ...]:
    """Run the morning round and one delivery now; sentences on how it went and where the mail lies."""
    rounds = await arun_deployment("晨间一轮/每日", timeout=WAIT_SECONDS, as_subflow=False)
    sending = await arun_deployment("发送/工作时段", timeout=WAIT_SECONDS, as_subflow=False)
    failed = [run.name for run in (rounds, sending) if not (run.state and run.state.is_completed())]
    if failed:
        return (f"“{'”“'.join(failed)}”没有完成，请在 Prefect 页面查看原因，或用 duban round run 重试。",)
    now = clock.now()
    with open_bureau() as bureau:
        return (f"今天（{clock.civil(now):%Y-%m-%d}）的晨间一轮已完成。", where_mail_goes(bureau, now))
