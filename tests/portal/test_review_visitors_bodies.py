"""What a visitor may send before anybody knows him: a name and a password, never a disk or a memory full."""

from __future__ import annotations

import httpx2
import pytest

from tests.portal.bureau import TIANNING, Portal
from tests.portal.checks import page_faults

MEGABYTE = 1024 * 1024


def _told(answer: httpx2.Response) -> str:
    assert page_faults(answer.text) == []
    return answer.text


def test_a_visitors_form_of_megabytes_is_refused_before_it_is_taken_in(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.get("/sign-in")

    for size in (64 * 1024, 6 * MEGABYTE):
        answer = visitor.http.post("/sign-in", data={"name": "王科长", "password": "x" * size})
        assert answer.status_code in (400, 413)
        assert "请" in _told(answer)


@pytest.mark.parametrize("path", ["/sign-in", "/once/abc", "/l/abc"])
def test_a_visitor_hands_in_no_files(portal: Portal, path: str) -> None:
    answer = portal.visitor().http.post(path, files={"sheet": ("plan.pdf", b"%PDF-1.4" * 1000)})

    assert answer.status_code == 400
    assert "Bad Request" not in _told(answer)


def test_a_form_without_files_has_a_limit_of_its_own(portal: Portal) -> None:
    person = portal.as_("王科长")
    page = person.get(f"/my/{portal.signs[TIANNING]}")
    typed = {f"note{number}": "x" * (MEGABYTE - 100) for number in range(6)}

    answer = person.http.post(f"{page.path}/acknowledge", data=typed)

    assert answer.status_code == 413
    assert "超过上限" in _told(answer)


def test_who_signs_in_as_always_is_not_hindered(portal: Portal) -> None:
    visitor = portal.visitor()
    page = visitor.get("/sign-in")

    refused = visitor.fill(page, "/sign-in", expect=422, name="王科长", password="不对的密码" * 20)

    assert "姓名或密码不对" in refused.text
