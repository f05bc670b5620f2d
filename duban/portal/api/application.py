"""The interface as an application of its own: own description, own errors, no session, no cookies."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.middleware import Middleware

from duban.portal.api import pulls, pushes
from duban.portal.api.problems import Problem, add_problem_handlers
from duban.portal.context import AppState
from duban.portal.middleware import BodyLimit

PER_MINUTE = 300
MOST_BYTES = 1024 * 1024
ABOUT = """\
供上级平台取数和报数。每次请求带 `Authorization: Bearer 令牌`；令牌由安全管理员发放，只有其所代表人员的权限。

- 日期是北京时间的日历日，时刻是 UTC。数量写成文本，按原值给出，不四舍五入；比率同时给分子和分母，分母为零的显示“—”。
- 列表按编号分页：带上一页给的 `next_cursor` 取下一页，没有时到头。
- 增量取数：第一次取全量，记下 `history_id`，下次带 `changed_since` 只取其后有变化的（可能多给，不会漏给）。
- 写入可带 `Idempotency-Key`：断线重发不会重复办理，七天内给同一个答复。
- 出错一律是 `application/problem+json`（RFC 9457），`reasons` 逐条写明原因和下一步。
"""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (400, "请求正文读不出来"),
        (401, "没有令牌，或令牌无效、已到期、已撤销"),
        (403, "令牌没有这项权限"),
        (404, "没有，或不属于令牌所代表人员的单位"),
        (405, "不支持这种请求方法"),
        (413, "请求正文太大"),
        (422, "按规则不予办理，或请求写得不对"),
        (429, "请求过于频繁"),
        (503, "暂时不能用"),
    )
}


def create_api(house: AppState, *, per_minute: int = PER_MINUTE) -> FastAPI:
    """The interface over the same office and clock as the pages; `per_minute` requests of one token."""
    api = FastAPI(
        title="督办数据接口",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEMS,
        redirect_slashes=False,
        middleware=[Middleware(BodyLimit, most_bytes=MOST_BYTES)],
    )
    api.state.house = house
    api.state.per_minute = per_minute
    api.state.limiter = MovingWindowRateLimiter(MemoryStorage())
    for router in (pulls.router, pushes.router):
        api.include_router(router)
    add_problem_handlers(api)
    return api
