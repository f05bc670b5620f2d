"""Forms: what was typed, read into a pydantic model field by field, and the page that comes back when it is refused.

    class Reply(VersionedForm):
        verdict: Annotated[str, one_of(VERDICTS)] = Field(title="批复结论")
        reply: Text = Field(title="批复意见")
        granted_on: Day | None = Field(None, title="延至")

    @router.post("/extensions/{obligation_id}")
    @comes_back(extensions)
    def decide(desk: Decides, obligation_id: Number, form: Reply) -> Response: ...

Whatever refuses the act, `extensions(desk, …)` is shown again with everything typed, a sentence beside each field
that is wrong and all reasons on top. A field's title is what its sentence calls it; a field without a default must
be filled in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Annotated, Any, TypeVar, get_origin

from fastapi import Depends, Request, Response
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from starlette.datastructures import FormData, ImmutableMultiDict, UploadFile

from duban.core.errors import Changed, NotFound, Refused
from duban.core.text import cleaned
from duban.portal.access import TooOften, is_form, posted
from duban.portal.context import Attempt, PageContext
from duban.portal.params import whole

LONGEST_LINE = 300
LONGEST_TEXT = 4000
_AMOUNT_LIMIT = Decimal(10) ** 14
_SENTENCES = {
    "missing": "请填写{label}。",
    "string_too_long": "{label}不能超过{longest}字，现有{length}字，请精简。",
    "enum": "{label}请从列出的选项中选择。",
    "literal_error": "{label}请从列出的选项中选择。",
    "day": "{label}不是日期，请写成 2026-03-31 的样子。",
    "whole": "{label}要是整数，请改正。",
    "amount": "{label}要是数字，最多四位小数，请改正。",
}


class FormRefused(Refused):
    """Refused because of single fields: a sentence for each."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(faults.values())
        self.faults = dict(faults)


def fault(kind_or_sentence: str) -> PydanticCustomError:
    """For a form's own validators: one of the kinds above, or a Chinese sentence."""
    kind = kind_or_sentence if kind_or_sentence in _SENTENCES else "said"
    return PydanticCustomError(kind, "{sentence}", {"sentence": kind_or_sentence})


def _day(text: Any) -> Any:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else text
    except ValueError:
        raise fault("day") from None


def _whole(text: Any) -> Any:
    number = whole(text) if isinstance(text, str) else text
    if number is None:
        raise fault("whole")
    return number


def _amount(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= _AMOUNT_LIMIT or number != round(number, 4):
        raise fault("amount")
    return number


def one_of(choices: Container[str]) -> AfterValidator:
    """One of the listed words."""

    def among(text: Any) -> Any:
        if text and text not in choices:
            raise fault("enum")
        return text

    return AfterValidator(among)


def _at_most(longest: int) -> AfterValidator:
    """Of a type, so that a field can set a shorter limit beside it: of two `max_length` the type's would win."""

    def check(text: str) -> str:
        if len(text) > longest:
            raise PydanticCustomError("string_too_long", "{max_length}", {"max_length": longest})
        return text

    return AfterValidator(check)


one_line = AfterValidator(lambda text: " ".join(text.split()))
Text = Annotated[str, _at_most(LONGEST_TEXT)]
Line = Annotated[str, _at_most(LONGEST_LINE), one_line]
Day = Annotated[date, BeforeValidator(_day)]
Whole = Annotated[int, BeforeValidator(_whole)]
# At most four decimals; full-width digits and thousands commas are understood.
Amount = Annotated[Decimal, BeforeValidator(_amount)]
# Of a field given more than once, the whole numbers; what is none is left out.
Wholes = Annotated[
    list[int],
    BeforeValidator(lambda given: [one for text in given if (one := whole(str(text))) is not None]),
]
Files = list[UploadFile]


class Form(BaseModel):
    """One form; its fields stand in the order in which their faults are told."""

    model_config = ConfigDict(
        frozen=True, validate_default=True, validate_by_name=True, arbitrary_types_allowed=True
    )

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        """Each field as it was sent: cleaned, an empty one as if it were not there; of passwords every character."""
        if not isinstance(given, ImmutableMultiDict):
            return given
        read: dict[str, Any] = {}
        for name, described in cls.model_fields.items():
            key = described.alias or name
            if get_origin(described.annotation) is list:
                sent = given.getlist(key)
                read[key] = [cleaned(one) if isinstance(one, str) else one for one in sent]
                if described.annotation == list[UploadFile]:
                    # An empty chooser sends a file without a name, which is none.
                    read[key] = [one for one in sent if isinstance(one, UploadFile) and one.filename]
            elif isinstance(value := given.get(key), str):
                value = value if "password" in key else cleaned(value)
                read |= {key: value} if value else {}
        return read


class VersionedForm(Form):
    """An act on what the page showed; a form without a version was not made by our page."""

    version: Annotated[int, BeforeValidator(lambda text: whole(str(text)) or 0)] = 0

    def acted_by(self, desk: PageContext) -> dict[str, Any]:
        """Who acts, when, and on which version."""
        return {"by": desk.by, "now": desk.now, "version": self.version}


OneForm = TypeVar("OneForm", bound=Form)


def read_form(model: type[OneForm], sent: ImmutableMultiDict[str, Any], desk: PageContext) -> OneForm:
    """The filled form. Raises FormRefused with every fault; validators find the page's context in `info.context`."""
    try:
        return model.model_validate(sent, context=desk)
    except ValidationError as error:
        labels = {described.alias or name: described.title for name, described in model.model_fields.items()}
        faults: dict[str, str] = {}
        for one in error.errors():
            name, context = str(one["loc"][0]), one.get("ctx", {})
            if one["type"] == "said":
                faults.setdefault(name, context["sentence"])
                continue
            sentence = _SENTENCES.get(one["type"], "{label}写得不对，请改正。")
            length = len(one["input"]) if isinstance(one["input"], str) else 0
            longest = context.get("max_length")
            faults.setdefault(name, sentence.format(label=labels[name], longest=longest, length=length))
        raise FormRefused(faults) from None


async def sent_form(request: Request) -> FormData:
    """What was sent; nothing when it is no form."""
    return await posted(request) if is_form(request) else FormData()


def attempt(sent: ImmutableMultiDict[str, Any], refused: Refused) -> Attempt:
    """What the page that comes back shows of a refused form."""
    fields = [
        (name, value)
        for name, value in sent.multi_items()
        if isinstance(value, str) and name != "csrf" and "password" not in name
    ]
    often = isinstance(refused, TooOften)
    return Attempt(
        typed=ImmutableMultiDict(fields),
        faults=refused.faults if isinstance(refused, FormRefused) else {},
        refused=refused.reasons,
        status=409 if isinstance(refused, Changed) else 429 if often else 422,
        headers={"retry-after": str(refused.wait_seconds)} if isinstance(refused, TooOften) else {},
    )


def comes_back(
    page: Callable[..., Response], *, missing: bool = False
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """For a route that acts: refused, it answers with `page` as it is for what the address names, and what was typed.

    The route's `form: SomeForm` is read here. What does not exist has a page of its own; with `missing` the page
    comes back for it too, because it was typed, not followed.
    """
    shown = inspect.signature(page).parameters

    def decorate(route: Callable[..., Response]) -> Callable[..., Response]:
        signature = inspect.signature(route, eval_str=True)
        form = signature.parameters.get("form")

        @wraps(route)
        def act(desk: PageContext, **given: Any) -> Response:
            sent = given.pop("form", FormData())
            try:
                if form is not None:
                    given["form"] = read_form(form.annotation, sent, desk)
                return route(desk=desk, **given)
            except Refused as refused:
                if isinstance(refused, NotFound) and not missing:
                    raise
                named = {name: given[name] for name in shown if name in given and name != "form"}
                return page(replace(desk, attempt=attempt(sent, refused)), **named)

        if form is not None:
            sent = form.replace(annotation=Annotated[FormData, Depends(sent_form)])
            signature = signature.replace(parameters=list({**signature.parameters, "form": sent}.values()))
        act.__signature__ = signature  # type: ignore[attr-defined]  # what FastAPI reads
        return act

    return decorate


class Filled:
    """A filled form. Readers return the value or None and note the fault; `refuse_faults` raises them all."""

    def __init__(self, form: FormData) -> None:
        self._form = form
        self.faults: dict[str, str] = {}

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by field, for showing it again."""
        return {
            name: value
            for name, value in self._form.multi_items()
            if isinstance(value, str) and name != "csrf" and "password" not in name
        }

    def text(self, name: str, label: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        value = self._raw(name)
        if required and not value:
            self.faults[name] = f"请填写{label}。"
        if len(value) > longest:
            self.faults[name] = f"{label}不能超过{longest}字，现有{len(value)}字，请精简。"
        return value

    def secret(self, name: str, label: str) -> str:
        """A password, exactly as it was typed; it is never shown again."""
        value = self._form.get(name)
        if not isinstance(value, str) or not value:
            self.faults[name] = f"请填写{label}。"
            return ""
        return value

    def optional_secret(self, name: str) -> str | None:
        value = self._form.get(name)
        return value if isinstance(value, str) and value else None

    def line(self, name: str, label: str, *, required: bool = False, longest: int = LONGEST_LINE) -> str:
        """Text of one line."""
        value = self.text(name, label, required=required, longest=longest)
        return " ".join(value.split())

    def day(self, name: str, label: str, *, required: bool = False) -> date | None:
        value = self._given(name, label, required)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.faults[name] = f"{label}不是日期，请写成 2026-03-31 的样子。"
            return None

    def whole(self, name: str, label: str, *, required: bool = False) -> int | None:
        value = self._given(name, label, required)
        if not value:
            return None
        if not value.isascii() or not value.isdigit() or len(value) > 15:
            self.faults[name] = f"{label}要是整数，请改正。"
            return None
        return int(value)

    def amount(self, name: str, label: str, *, required: bool = False) -> Decimal | None:
        """A figure with at most four decimals; full-width digits and thousands commas are understood."""
        value = self._given(name, label, required).replace(",", "").replace("，", "")
        if not value:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) >= _AMOUNT_LIMIT or number != round(number, 4):
            self.faults[name] = f"{label}要是数字，最多四位小数，请改正。"
            return None
        return number

    def choice(self, name: str, label: str, among: Iterable[str], *, required: bool = True) -> str | None:
        value = self._given(name, label, required)
        if value and value not in set(among):
            self.faults[name] = f"{label}请从列出的选项中选择。"
            return None
        return value or None

    def ticked(self, name: str) -> bool:
        return bool(self._raw(name))

    def many(self, name: str) -> list[str]:
        """Every value of a field that may be given more than once."""
        return [cleaned(value) for value in self._form.getlist(name) if isinstance(value, str)]

    def wholes(self, name: str) -> list[int]:
        """Every whole number of such a field; what is none is left out."""
        return [
            int(value) for value in self.many(name) if value.isascii() and value.isdigit() and len(value) < 16
        ]

    def file_fields(self, prefix: str) -> list[str]:
        """The names of the choosers with this beginning, each once, as the form has them."""
        return list(dict.fromkeys(name for name in self._form if name.startswith(prefix)))

    def files(self, name: str) -> list[UploadFile]:
        """The files chosen; an empty chooser sends one without a name, which is none."""
        return [one for one in self._form.getlist(name) if isinstance(one, UploadFile) and one.filename]

    def refuse_faults(self) -> None:
        """Raise Refused with every fault noted so far."""
        if self.faults:
            raise Refused(tuple(self.faults.values()))

    def _raw(self, name: str) -> str:
        value = self._form.get(name)
        return cleaned(value) if isinstance(value, str) else ""

    def _given(self, name: str, label: str, required: bool) -> str:
        value = self._raw(name)
        if required and not value:
            self.faults[name] = f"请填写{label}。"
        return value


async def _filled(request: Request) -> Filled:
    return Filled(await posted(request) if is_form(request) else FormData())


FilledForm = Annotated[Filled, Depends(_filled)]


Done = TypeVar("Done")


def run(act: Callable[[], Done]) -> tuple[Done | None, int, tuple[str, ...]]:
    """What came of it, or the status and the reasons of the refusal; what does not exist has a page of its own."""
    try:
        return act(), 200, ()
    except NotFound:
        raise
    except Refused as refused:
        return None, 409 if isinstance(refused, Changed) else 422, refused.reasons


def audit_fields(desk: PageContext, filled: Filled) -> dict[str, Any]:
    """Who acts, when, and on which version; a form without a version was not made by our page."""
    version = filled.whole("version", "页面版本")
    return {"by": desk.by, "now": desk.now, "version": version if version is not None else 0}
