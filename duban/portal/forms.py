"""What was typed into a form: every field read with its own rule, all faults told at once, nothing typed lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from duban.core.errors import Changed, NotFound, Refused
from duban.core.text import cleaned
from duban.portal.access import is_form, posted
from duban.portal.context import PageContext

LONGEST_LINE = 300
LONGEST_TEXT = 4000
_AMOUNT_LIMIT = Decimal(10) ** 14


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
