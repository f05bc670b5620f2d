"""Registers every deployment with Prefect and runs what is due, one process per flow run, until told to stop.

Started by duban.ops.up with Prefect's address in its environment. What people should read goes to the console;
Prefect's own talk goes to the log.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from uuid import UUID

from prefect import Flow
from prefect.deployments import arun_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from duban.core import clock
from duban.core.errors import DubanError, Fault
from duban.core.settings import load
from duban.editions.pages import list_timelines
from duban.wiring import open_bureau, where_mail_goes
from flows import schedule_check
from flows.deployments import HOUSE, Plan, all_plans
from tasks.policy import require_server

log = logging.getLogger("prefect.duban")

# Two at a time: one long or stuck run must not hold back delivery, and two cores carry no more.
AT_A_TIME = 2
POLL_SECONDS = 5
REFRESH_SECONDS = 600
GRACE_SECONDS = 25
FIRST_ROUND_SECONDS = 900


def main() -> None:
    """`python -m flows.serve [--first-round]`: exit status 0 stopped, 3 fault."""
    parser = argparse.ArgumentParser(prog="flows.serve")
    parser.add_argument("--first-round", action="store_true")
    chosen = parser.parse_args()
    say = _console()
    try:
        asyncio.run(_serve(first=chosen.first_round, say=say))
    except DubanError as error:
        say(str(error))
        sys.exit(error.exit_status)


async def _serve(*, first: bool, say: Callable[[str], None]) -> None:
    require_server()
    stopping = asyncio.Event()
    runner = Runner(name="督办", limit=AT_A_TIME, query_seconds=POLL_SECONDS, pause_on_shutdown=False)
    await schedule_check.settle_after_stop(alone=load().prefect_api_url is None)
    served = await register(runner, HOUSE)
    running = asyncio.create_task(runner.start())
    await _started(runner, running)
    # The runner took SIGTERM for itself when it started; we stop it in order instead.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    helpers = [
        asyncio.create_task(_watch(runner, served, say, first=first)),
        asyncio.create_task(_orphaned(stopping)),
    ]
    await asyncio.wait({running, asyncio.create_task(stopping.wait())}, return_when=asyncio.FIRST_COMPLETED)
    for helper in helpers:
        helper.cancel()
    await _stop(runner, running, served.values())
    if not stopping.is_set():
        raise Fault("Prefect 运行器意外停止，正在由 duban up 重新启动；反复出现请查看日志。")


async def _orphaned(stopping: asyncio.Event) -> None:
    """Stop when `duban up` was killed: nobody would start us again, and the next `up` brings its own runner."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    stopping.set()


def plans_now() -> tuple[Plan, ...]:
    """The deployments that the ledger asks for today."""
    with open_bureau() as bureau:
        return all_plans(list_timelines(bureau), clock.civil(bureau.now()))


async def register(runner: Runner, plans: Iterable[Plan]) -> dict[str, UUID]:
    """Register plans by module entrypoint; returns deployment ids by `flow/deployment` name."""
    served: dict[str, UUID] = {}
    for plan in plans:
        deployment = await as_deployment(plan)
        served[deployment.full_name] = await runner.aadd_deployment(deployment)
    return served


async def as_deployment(plan: Plan) -> RunnerDeployment:
    module, _, name = plan.flow.rpartition(".")
    flow: Flow[..., object] = getattr(import_module(module), name)
    return await flow.ato_deployment(
        name=plan.name,
        schedules=list(plan.schedules),
        parameters=dict(plan.parameters),
        description=plan.description,
        tags=list(plan.tags),
        # Else Prefect asks git about each of them, half a second a time.
        version_type="prefect:simple",  # type: ignore[arg-type]  # Prefect types it as an enum that lacks this value
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


async def _watch(runner: Runner, served: dict[str, UUID], say: Callable[[str], None], *, first: bool) -> None:
    """First what people wait for, then the editions' own timelines, then whether schedules really fire."""
    known: tuple[Plan, ...] = ()
    try:
        if first:
            for sentence in await _hold_first_round():
                say(sentence)
        known = plans_now()
        served |= await register(runner, [plan for plan in known if plan not in HOUSE])
        for sentence in await schedule_check.check(served):
            say(sentence)
        await schedule_check.name_upcoming(served)
        say(f"已登记 {len(served)} 个部署，按时间表运行；按 Ctrl-C 停止。")
    except Exception:
        log.exception("The start-up check failed")
        say("启动检查没有完成，请用 duban doctor 检查，详见日志。")
    await _follow(runner, known, served)


async def _hold_first_round() -> tuple[str, ...]:
    """Run the morning round and one delivery now; sentences on how it went and where the mail lies."""
    rounds = await arun_deployment("晨间一轮/每日", timeout=FIRST_ROUND_SECONDS, as_subflow=False)
    sending = await arun_deployment("发送/工作时段", timeout=FIRST_ROUND_SECONDS, as_subflow=False)
    failed = [run.name for run in (rounds, sending) if not (run.state and run.state.is_completed())]
    if failed:
        return (f"“{'”“'.join(failed)}”没有完成，请在 Prefect 页面查看原因，或用 duban round run 重试。",)
    with open_bureau() as bureau:
        now = bureau.now()
        return (f"今天（{clock.civil(now):%Y-%m-%d}）的晨间一轮已完成。", where_mail_goes(bureau, now))


async def _follow(runner: Runner, known: tuple[Plan, ...], served: dict[str, UUID]) -> None:
    """Register editions that were applied, moved or withdrawn since; a fault here never stops the runner."""
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        try:
            wanted = plans_now()
            served |= await register(runner, [plan for plan in wanted if plan not in known])
            await schedule_check.silence(set(_names(known)) - set(_names(wanted)))
            await schedule_check.name_upcoming(served)
            known = wanted
        except Exception:
            log.exception("Could not refresh the deployments; the next refresh tries again")


def _names(plans: Iterable[Plan]) -> Iterable[str]:
    for plan in plans:
        module, _, name = plan.flow.rpartition(".")
        yield f"{getattr(import_module(module), name).name}/{plan.name}"


async def _started(runner: Runner, running: asyncio.Task[None]) -> None:
    while not runner.started and not running.done():
        await asyncio.sleep(0.05)


async def _stop(runner: Runner, running: asyncio.Task[None], served: Iterable[UUID]) -> None:
    """Let runs that are under way finish for a while; what is cut off is caught up by the next round."""
    try:
        await schedule_check.wait_for_runs(list(served), within_seconds=GRACE_SECONDS)
    except Exception:
        # The server may be gone already; stopping must go on all the same.
        log.exception("Could not ask what is still running")
    if runner.started:
        await runner.astop()
    await asyncio.wait({running}, timeout=GRACE_SECONDS)


def _console() -> Callable[[str], None]:
    """Keep the console for people: everything else this process or its children print goes to the log."""
    people = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def say(sentence: str) -> None:
        people.write(sentence + "\n")

    return say


if __name__ == "__main__":
    main()
