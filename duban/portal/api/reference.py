"""The description of the data interface as a page, made from the same OpenAPI document that programs read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Response

from duban.portal.access import anyone
from duban.portal.context import PageContext

router = APIRouter()
PLACES = {"path": "地址", "query": "查询", "header": "请求头"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A parameter or a field: its name, where it stands, what it holds and means."""

    name: str
    place: str
    kind: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one path."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Part, ...]
    sent: str
    given: str
    answers: tuple[tuple[str, str], ...]


@router.get("/api/v1/reference")
def reference(desk: Annotated[PageContext, anyone()]) -> Response:
    """Every operation and every form of data. It says how to ask, and nothing of the office."""
    document: dict[str, Any] = desk.request.app.state.api.openapi()
    schemas = document["components"]["schemas"]
    hidden = ("HTTPValidationError", "ValidationError")
    return desk.render(
        "api/reference.html",
        title=document["info"]["title"],
        about=document["info"]["description"],
        operations=[
            _operation(method, path, one)
            for path, methods in document["paths"].items()
            for method, one in methods.items()
        ],
        schemas={name: _fields(one) for name, one in schemas.items() if name not in hidden},
    )


def _operation(method: str, path: str, one: dict[str, Any]) -> Operation:
    answers = one["responses"]
    done: dict[str, Any] = next((answers[code] for code in ("200", "201") if code in answers), {})
    return Operation(
        method=method.upper(),
        path=f"/api/v1{path}",
        summary=one.get("summary", ""),
        description=one.get("description", ""),
        parameters=tuple(_parameter(given) for given in one.get("parameters", ())),
        sent=_content(one.get("requestBody", {})),
        given=_content(done),
        answers=tuple((code, answers[code]["description"]) for code in sorted(answers)),
    )


def _parameter(given: dict[str, Any]) -> Part:
    schema = given["schema"]
    return Part(
        name=given["name"],
        place=PLACES.get(given["in"], given["in"]),
        kind=_kind(schema),
        required=given.get("required", False),
        meaning=given.get("description") or schema.get("description", ""),
    )


def _content(found: dict[str, Any]) -> str:
    for media, content in found.get("content", {}).items():
        return _kind(content["schema"]) if content.get("schema") else media
    return ""


def _fields(schema: dict[str, Any]) -> tuple[Part, ...]:
    """The fields of a form of data; of a closed set, its values."""
    if "enum" in schema:
        return tuple(
            Part(name=str(one), place="", kind="", required=True, meaning="") for one in schema["enum"]
        )
    wanted = set(schema.get("required", ()))
    return tuple(
        Part(
            name=name,
            place="",
            kind=_kind(one),
            required=name in wanted,
            meaning=one.get("description", ""),
        )
        for name, one in schema.get("properties", {}).items()
    )


def _kind(schema: dict[str, Any]) -> str:
    """What a value is, in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}[]"
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    return str(schema.get("format") or schema.get("type") or "object")
