"""Whatever is typed into a unit's forms, the page answers with a page: done, refused or changed, never broken."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duban.core.access import SYSTEM
from duban.obligations.file import show_obligation
from tests.portal.bureau import TIANNING, Portal
from tests.portal.client import fields_of

ANSWERS = (303, 409, 422)
TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["１２３", "1,234", "-0", "1e9", "NaN", "Infinity", "9" * 40, "0.00001", "\x00", "\u202e", "%"]
    ),
)
LINKS = st.one_of(
    TEXT, st.sampled_from(["http://[", "https://a b", "javascript:alert(1)", "https://x.example/"])
)
QUICK = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(
    figure=TEXT,
    note=st.text(max_size=3000),
    upload=TEXT,
    filename=st.text(min_size=1, max_size=300).filter(lambda name: name.strip()),
    data=st.binary(max_size=200),
    version=st.one_of(st.sampled_from(["1", "2", ""]), TEXT),
)
def test_the_hand_in_form_never_breaks(
    portal: Portal, figure: str, note: str, upload: str, filename: str, data: bytes, version: str
) -> None:
    browser, one = portal.as_("王科长"), portal.signs[TIANNING]
    csrf = fields_of(browser.get(f"/my/{one}").forms()[0])["csrf"]
    sent = {"csrf": csrf, "version": version, "figure:signs": figure, "note": note, "upload": upload}

    answer = browser.http.post(
        f"/my/{one}/submit",
        data=sent,
        files={"file:plan": (filename, data)},
        follow_redirects=False,
    )

    assert answer.status_code in ANSWERS
    browser._checked(browser.http.get(f"/my/{one}"), 200)
    handed_in = show_obligation(portal.bureau, one, by=SYSTEM, today=portal.today).submissions
    assert len(handed_in) <= 1 and all(
        item.filename or item.value is not None for sent in handed_in for item in sent.items
    )


@QUICK
@given(
    act=st.sampled_from(["acknowledge", "progress", "extension", "forward", "drop"]),
    fields=st.dictionaries(
        st.sampled_from(
            [
                "version",
                "handler",
                "backup",
                "value",
                "as_of_on",
                "reason",
                "wanted_on",
                "progress",
                "to_unit",
                "drop",
            ]
        ),
        st.one_of(
            TEXT, LINKS, st.sampled_from(["1", "2026-04-10", "0000-00-00", "9999-12-31", "10000-01-01"])
        ),
    ),
)
def test_the_other_forms_never_break(portal: Portal, act: str, fields: dict[str, str]) -> None:
    browser, one = portal.as_("王科长"), portal.signs[TIANNING]
    csrf = fields_of(browser.get("/my").forms()[0])["csrf"]

    answer = browser.http.post(
        f"/my/{one}/{act}",
        data={**fields, "csrf": csrf},
        follow_redirects=False,
    )

    # A file taken off the form shows the form again; a unit's task may have been forwarded by an earlier example.
    assert answer.status_code in (*ANSWERS, 200, 404)
