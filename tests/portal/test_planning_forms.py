"""Whatever is typed into the form of a new campaign is refused in words or becomes a file that the reader can judge."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import FormData

from calendars.lunar import almanac_for
from calendars.model import CampaignKind
from calendars.reader import read_edition_text
from calendars.reader.faults import CalendarFaults
from calendars.reader.units import load_units
from calendars.workdays.files import load_workdays
from calendars.writing import hand_text, heading
from duban.core.errors import Refused
from duban.portal.edition_form import hand_edition
from duban.portal.forms import Filled

WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "3月底前", "天宁区民政局、钟楼区民政局", "- a: [b", "null", "{x: y}", "#", "2026", "'", "‮甲"]
    ),
)
EVIDENCE = st.one_of(
    WORDS, st.sampled_from(["计划", "块数，数据，块", "照片，附件，理由", "甲，别的", "，，，，"])
)
FORMS = st.fixed_dictionaries(
    {
        "campaign": st.sampled_from(["signs", "Signs", "a b", ""]),
        "name": WORDS,
        "year": st.sampled_from(["2026", "1", "", "二〇二六"]),
        "kind": st.sampled_from([*CampaignKind, "none"]),
        "document": WORDS,
        "coordinator": WORDS,
        "ladder": st.sampled_from(["standard", "none", ""]),
        "title_1": WORDS,
        "phrase_1": WORDS,
        "leads_1": WORDS,
        "supporting_1": WORDS,
        "item_1": WORDS,
        "evidence_1": EVIDENCE,
        "gate_1": st.sampled_from(["", "1"]),
    }
)


@settings(max_examples=150)
@given(FORMS)
def test_a_form_is_refused_in_words_or_becomes_a_file(form: dict[str, str]) -> None:
    try:
        text = hand_text(hand_edition(Filled(FormData(form))))
    except Refused as refused:
        assert all(reason.endswith("。") for reason in refused.reasons)
        return
    assert (heading(text).campaign, heading(text).year) == ("signs", int(form["year"]))
    try:
        edition = read_edition_text(
            text,
            Path(f"{form['year']}/signs.yaml"),
            units=load_units(),
            almanac=almanac_for(),
            workdays=load_workdays(),
        )
    except CalendarFaults as faults:
        assert faults.faults
        return
    assert edition.milestones[0].title
