"""How a service runs under Prefect: tries, limits, the bureau it works in and the run that every row is marked with.

How many runs go at a time is said in flows.serve; what a failed run tells stands in its flow, as its message.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import State, Task, task
from prefect.client.schemas.objects import TaskRun
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL

from duban.bureau import Bureau
from duban.core import clock
from duban.core.errors import Fault, Refused
from duban.wiring import open_bureau

P = ParamSpec("P")
R = TypeVar("R")

_opened: ContextVar[Bureau | None] = ContextVar("opened", default=None)


@contextmanager
def opened_bureau() -> Iterator[Bureau]:
    """The bureau of the present flow run; an inner flow shares the outer one's connections."""
    outer = _opened.get()
    run_id = flow_run.id
    if outer is not None:
        yield dataclasses.replace(outer, flow_run_id=run_id)
        return
    require_server()
    with open_bureau(flow_run_id=run_id) as bureau:
        token = _opened.set(bureau)
        try:
            yield bureau
        finally:
            _opened.reset(token)


def require_server() -> None:
    """No flow of ours runs against the private server that Prefect starts when it has no address."""
    if not PREFECT_API_URL.value():
        raise Fault("没有设置 Prefect 服务地址（PREFECT_API_URL），请用 duban up 启动，或设置地址后再运行。")


def run_time() -> datetime:
    """The moment a run works at: the present of its bureau, whatever day it is told of."""
    with opened_bureau() as bureau:
        return bureau.now()


def looked_at(on: date | None, now: datetime) -> datetime:
    """The moment a run that only reads looks at: the present, or the morning of an earlier day."""
    if on is None or on == clock.civil(now):
        return now
    if on > clock.civil(now):
        raise Refused(f"{on:%Y-%m-%d} 还没有到，写不出那天的情况；想看将来会发什么，请用 duban rehearse。")
    return clock.at(on)


def worth_retrying(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """A refusal stays a refusal however often it is asked.

    The exception is read from the state itself: `state.result()` would be a coroutine under an async flow.
    """
    return not isinstance(state.data, Refused)


# Every service is idempotent, so a fault (database locked, disk full, server gone) is worth two more tries.
POLICY: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [5, 30],
    "retry_condition_fn": worth_retrying,
    "timeout_seconds": 1_200,
    "persist_result": False,
}


def as_task(
    name: str, tag: str, **differs: Any
) -> Callable[[Callable[Concatenate[Bureau, P], R]], Callable[P, R]]:
    """Make a task of a service: it is called without its first argument, the bureau, which is opened for it."""

    def decorate(service: Callable[Concatenate[Bureau, P], R]) -> Callable[P, R]:
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with opened_bureau() as bureau:
                return service(bureau, *args, **kwargs)

        asked = inspect.signature(service)
        run.__name__, run.__qualname__ = service.__name__, service.__qualname__
        run.__doc__, run.__module__ = service.__doc__, service.__module__
        # Prefect binds and shows what the service asks for.
        run.__signature__ = asked.replace(  # type: ignore[attr-defined]
            parameters=list(asked.parameters.values())[1:]
        )
        return task(name=name, tags=[tag], **POLICY | differs)(run)

    return decorate
