"""How the interface answers: JSON with a mark of its content, and once only for a repeated act."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from duban.accounts.tokens import begin_answer, finish_answer, forget_answer
from duban.core.errors import Refused
from duban.portal.api.door import Visit

JSON = "application/json"
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "与 If-None-Match 所给的相同，没有变化"}}


def answer(visit: Visit, found: BaseModel, *, besides: frozenset[str] = frozenset()) -> Response:
    """The found as JSON with its ETag, or 304 for whoever has it; `besides` are fields that are no change."""
    mark = hashlib.sha256(found.model_dump_json(exclude=set(besides)).encode()).hexdigest()[:32]
    etag = f'W/"{mark}"'
    if etag in visit.request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": etag})
    return Response(found.model_dump_json(), media_type=JSON, headers={"etag": etag})


def once(visit: Visit, key: str | None, given: BaseModel, act: Callable[[], BaseModel]) -> Response:
    """Act, or give the kept answer to the same request with the same key. A refusal changes nothing and is not kept."""
    if key is None:
        return Response(act().model_dump_json(), status_code=201, media_type=JSON)
    asked = f"{visit.request.method} {visit.request.url.path}\n{given.model_dump_json()}"
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()
    kept = begin_answer(visit.bureau, visit.client, key, fingerprint, now=visit.now)
    if kept is not None:
        again = {"idempotency-replayed": "true"}
        return Response(kept.body, status_code=kept.status or 201, media_type=JSON, headers=again)
    try:
        body = act().model_dump_json()
    except Refused:
        forget_answer(visit.bureau, visit.client, key)
        raise
    finish_answer(visit.bureau, visit.client, key, status=201, body=body)
    return Response(body, status_code=201, media_type=JSON)
