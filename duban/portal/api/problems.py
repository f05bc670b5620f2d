"""What goes wrong at the interface, as problem+json (RFC 9457): a title, and every reason as a Chinese sentence."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from duban.accounts.tokens import KeyTaken
from duban.core.errors import DubanError, Fault, NotFound, Refused
from duban.portal.middleware import TOO_LARGE, TooLarge

log = logging.getLogger("duban.api")
MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "请求不完整",
    401: "请出示令牌",
    403: "没有这项权限",
    404: "没有找到",
    405: "不支持这种请求",
    409: "与另一次请求冲突",
    413: "内容太大",
    422: "没有办理",
    429: "请求过于频繁",
    500: "出错了",
    503: "暂时不能用",
}
_SENTENCES = {
    400: "请求正文读不出来，请用 UTF-8 编码的 JSON 重新发送。",
    404: "没有这个地址，请对照接口说明核对。",
    405: "这个地址不支持这种请求方法，请对照接口说明核对。",
    500: "系统遇到没有预料到的情况，请求没有办成；请稍后重试，仍不行请联系运维。",
}
_FAULTS = {
    "missing": "缺少",
    "extra_forbidden": "不认识，请去掉",
    "json_invalid": "不是完整的 JSON",
    "enum": "不在可选的值之中",
    "literal_error": "不在可选的值之中",
    "string_too_long": "太长",
    "string_too_short": "太短或为空",
    "too_long": "太多",
    "too_short": "太少",
    "string_pattern_mismatch": "写法不对",
}


class Problem(BaseModel):
    """An answer that is none, with every reason."""

    type: str = Field(description="固定为 about:blank")
    title: str = Field(description="出错的种类")
    status: int = Field(description="HTTP 状态码")
    detail: str = Field(description="全部原因，连成一句")
    reasons: list[str] = Field(description="逐条原因，每条都写明下一步")


class Denied(DubanError):
    """Refused at the door: no token, not this scope, too often."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


def problem(status: int, reasons: tuple[str, ...], headers: Mapping[str, str] | None = None) -> Response:
    body = Problem(
        type="about:blank",
        title=TITLES.get(status, "请求没有办成"),
        status=status,
        detail="；".join(reasons),
        reasons=list(reasons),
    )
    return JSONResponse(
        body.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def add_problem_handlers(api: FastAPI) -> None:
    """One handler for each kind of trouble."""
    api.add_exception_handler(Denied, _denied)
    api.add_exception_handler(KeyTaken, _refused(409))
    api.add_exception_handler(NotFound, _refused(404))
    api.add_exception_handler(Refused, _refused(422))
    api.add_exception_handler(Fault, _fault)
    api.add_exception_handler(TooLarge, lambda _request, _error: problem(413, (TOO_LARGE,)))
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, lambda _request, _error: problem(500, (_SENTENCES[500],)))


def _denied(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return problem(error.status, (str(error),), error.headers)


def _refused(status: int) -> Any:
    def answer(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return problem(status, error.reasons)

    return answer


def _fault(request: Request, error: Exception) -> Response:
    log.error("A fault at %s: %s", request.url.path, error)
    return problem(503, (str(error),), {"retry-after": "60"})


def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, TooLarge):
        return problem(413, (TOO_LARGE,))
    sentence = _SENTENCES.get(error.status_code, "请求没有办成，请对照接口说明核对。")
    return problem(error.status_code, (sentence,), error.headers)


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(422, tuple(dict.fromkeys(_sentence(one) for one in error.errors()))[:50])


def _sentence(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"][1:]) or "请求正文"
    what = _FAULTS.get(str(fault["type"]), "不符合要求")
    return f"“{where[:100]}”{what}，请对照接口说明改正。"
