"""Every kind, rendered from its sample. REWRITE_EXPECTED=1 writes the stored texts anew; reviewers read the difference."""

import os
import re
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

import notifications
from notifications.messages import Digest, Item, Kind, Message, Rendered, Section, day_message, render
from notifications.wording import SHOWN
from tests.notifications import samples
from tests.notifications.mail_builders import an_item
from tests.notifications.samples import (
    CHASE_SAMPLE,
    DIGEST_SAMPLE,
    ESCALATE_SAMPLE,
    EXTENSION_SAMPLE,
    SEND_BACK_SAMPLE,
    STAGE_SUMMARY_SAMPLE,
)

ROOM = Path(notifications.__file__).parent
EXPECTED = Path(__file__).parent / "expected"
FOLDERS = [*(kind.value for kind in Kind), "digest"]
SCRIPT = "<script>alert('催办')</script> & \"引号\""


def sample(folder: str) -> Any:
    return getattr(samples, f"{folder.upper()}_SAMPLE")


def detailed(message: Message, **changes: Any) -> Message:
    """The same message with changes to what only its kind says."""
    assert message.detail is not None
    return replace(message, detail=replace(message.detail, **changes))


def html_words(rendered: Rendered) -> str:
    """What a reader of the HTML sees, without any spaces."""
    body = ElementTree.fromstring(rendered.html).find("{*}body")
    assert body is not None
    return "".join("".join(body.itertext()).split())


def strings_in(value: Any) -> list[str]:
    """Every string of a message, however deep, apart from codes."""
    if isinstance(value, Enum):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for part in value for text in strings_in(part)]
    if is_dataclass(value):
        named = [field.name for field in fields(value) if field.name not in ("light", "how_to_answer")]
        return [text for name in named for text in strings_in(getattr(value, name))]
    return []


def each_item(value: Any, change: Any) -> Any:
    """The same message with `change` applied to every item in it."""
    if isinstance(value, Item):
        return change(value)
    if isinstance(value, tuple):
        return tuple(each_item(part, change) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: each_item(getattr(value, field.name), change) for field in fields(value)}
        )
    return value


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_kind_reads_as_the_stored_text_says(folder):
    rendered = render(sample(folder))
    text = f"{rendered.subject}\n\n{rendered.text}"
    stored = EXPECTED / f"{folder}.txt"
    if os.environ.get("REWRITE_EXPECTED"):
        stored.write_text(text, encoding="utf-8")

    assert text == stored.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", FOLDERS)
def test_html_is_well_formed_and_says_everything_the_message_holds(folder):
    message = sample(folder)
    rendered = render(message)

    words = html_words(rendered)
    links = [link.get("href") for link in ElementTree.fromstring(rendered.html).iter() if link.get("href")]
    for said in strings_in(message):
        assert "".join(said.split()) in words or said in links, said
        assert said in rendered.text, said
    assert ElementTree.fromstring(rendered.html).findtext(".//{*}title") == rendered.subject


@pytest.mark.parametrize("folder", FOLDERS)
def test_text_and_html_name_the_same_days_and_figures(folder):
    rendered = render(sample(folder))

    text = rendered.text.replace(" ", "")
    figures = r"\d+年\d+月\d+日（[^）]*）|\d+(?:\.\d)?%|还有\d+个工作日|逾期\d+个工作日"
    assert sorted(re.findall(figures, text)) == sorted(re.findall(figures, html_words(rendered)))


def test_every_kind_has_a_folder_with_the_same_names_and_no_folder_is_left_over():
    folders = {
        path.name: {file.name for file in path.iterdir() if file.is_file()}
        for path in (ROOM / "kinds").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }

    assert set(folders) == set(FOLDERS)
    assert set(map(frozenset, folders.values())) == {
        frozenset({"subject.txt.j2", "body.txt.j2", "body.html.j2"})
    }
    assert all(sample(folder).folder == folder for folder in FOLDERS)


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "stage_summary"])
def test_every_day_that_rests_on_a_provisional_year_says_so(folder):
    def provisional(item: Item) -> Item:
        return replace(item, provisional=True, previous_provisional=True)

    message = each_item(sample(folder), provisional)
    if folder == "send_back":
        message = detailed(message, resubmit_provisional=True)
    if folder == "extension":
        message = detailed(message, asked_provisional=True)

    rendered = render(message)

    for written in (rendered.text, html_words(rendered)):
        weekdays = re.findall(r"日（(周.[^）]*)）", written)
        assert weekdays and all(weekday.endswith("，暂定") for weekday in weekdays)
        assert "放假安排尚未公布" in written
    if folder != "digest":
        assert "（暂定）" in rendered.subject


def test_a_stage_whose_day_is_provisional_says_so():
    rendered = render(detailed(STAGE_SUMMARY_SAMPLE, provisional=True))

    assert "2026年3月31日（周二，暂定）" in rendered.text
    assert "2026年3月31日（周二，暂定）" in html_words(rendered)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_message_without_what_its_kind_says_is_an_error(folder):
    empty = {"to_name": "王科长", "unit": "钟楼区民政局", "as_of_on": date(2026, 3, 26), "desk": samples.DESK}

    with pytest.raises((AssertionError, UndefinedError)):
        render(Message(kind=sample(folder).kind, **empty))


def test_what_another_kind_says_is_an_error():
    with pytest.raises(AssertionError):
        replace(CHASE_SAMPLE, detail=SEND_BACK_SAMPLE.detail)


@pytest.mark.parametrize("folder", FOLDERS)
def test_markup_in_a_name_is_words_and_not_markup(folder):
    message = replace(
        each_item(sample(folder), lambda item: replace(item, campaign=SCRIPT, note=SCRIPT)), unit=SCRIPT
    )

    rendered = render(message)

    assert SCRIPT in rendered.text
    assert "<script" not in rendered.html
    assert "".join(SCRIPT.split()) in html_words(rendered)


@given(name=st.text(min_size=1), note=st.text(min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_name_survives_into_text_and_html_on_a_line_of_its_own(name, note):
    message = replace(CHASE_SAMPLE, unit=name, items=(an_item(unit="天宁区", campaign=name, note=note),))

    rendered = render(message)

    kept = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+", " ", name)
    assert rendered.text.split("\n")[0].strip() == f"{kept} 王科长：".strip()
    assert f"{kept}：制定巡检计划并备案" in rendered.text
    assert "".join(kept.split()) in html_words(rendered)
    assert rendered.text.count("\n") == render(CHASE_SAMPLE).text.count("\n") + 1
    assert "\n" not in rendered.subject
    rendered.subject.encode("utf-8")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/hostname", 'https://duban.example/?a="><b>&c=1']
)
def test_only_web_links_become_links_and_none_breaks_out(link):
    rendered = render(replace(CHASE_SAMPLE, items=(an_item(link=link),)))

    hrefs = [
        element.get("href") for element in ElementTree.fromstring(rendered.html).iter() if element.get("href")
    ]
    assert hrefs == ([link] if link.startswith("https") else [])
    assert ("javascript" in rendered.text) is False


def test_hundreds_of_items_stay_readable_and_the_rest_is_counted():
    items = tuple(
        an_item(obligation_id=n, milestone=f"第{n}项", due_on=date(2026, 1 + n % 12, 1)) for n in range(300)
    )

    rendered = render(detailed(DIGEST_SAMPLE, sections=(Section(kind=Kind.CHASE, items=items, total=412),)))

    shown = re.findall(r"^\d+\. ", rendered.text, flags=re.MULTILINE)
    assert len(shown) == SHOWN
    assert set(re.findall(r"   时限：2026年(\d+)月", rendered.text)) == {"1"}
    assert f"另有{412 - SHOWN}项，全部清单请向市民政局办公室索取。" in rendered.text
    assert rendered.subject == "【督办提醒】12月31日：催办412项、配合3项；待办1类"
    assert f"另有{412 - SHOWN}项" in html_words(rendered)


def test_a_digest_puts_what_hurts_most_first_and_counts_in_its_subject():
    rendered = render(DIGEST_SAMPLE)

    assert rendered.subject == "【督办提醒】12月31日：催办1项、到期1项、提前提醒3项、配合3项；待办1类"
    assert re.findall("【(.*?)】", rendered.text) == ["催办", "到期", "提前提醒", "配合", "待审核"]


def test_an_urgent_kind_has_no_place_in_a_digest():
    with pytest.raises(AssertionError):
        Section(kind=Kind.SEND_BACK, items=(an_item(),))


def test_an_escalation_names_the_units_and_the_longest_delay():
    rendered = render(ESCALATE_SAMPLE)

    assert rendered.subject == "【督办】2家单位4项任务逾期，最长9个工作日"
    assert "天宁区民政局：3项，最长逾期9个工作日" in rendered.text


def test_a_summary_names_every_missing_unit_and_never_makes_up_a_rate():
    nobody = detailed(STAGE_SUMMARY_SAMPLE, owed=0, done_on_time=0, missing=(), rates=())
    many = tuple(replace(STAGE_SUMMARY_SAMPLE.detail.missing[0], unit=f"第{n}社会组织") for n in range(229))

    assert "按时办结率：—（0/0）" in render(nobody).text
    assert render(nobody).subject.endswith("：无应办单位")
    assert all(missing.unit in render(detailed(STAGE_SUMMARY_SAMPLE, missing=many)).text for missing in many)
    assert "按时66.7 %（4/6），未完成229家" in render(detailed(STAGE_SUMMARY_SAMPLE, missing=many)).subject


def test_a_refused_extension_names_the_day_that_holds():
    rendered = render(replace(detailed(EXTENSION_SAMPLE, granted=False), items=(an_item(),)))

    assert rendered.subject.startswith("【延期批复】不同意延期，仍为3月31日：")
    assert "未获批准，时限仍为2026年3月31日（周二）" in rendered.text


def test_a_last_workday_that_moved_alone_is_not_called_a_new_due_date():
    change = sample("calendar_change")
    one = replace(change.items[0], previous_due_on=None, last_workday=date(2027, 2, 25))

    rendered = render(replace(change, items=(one,)))

    assert rendered.subject.endswith("，最后工作日改为2027年2月25日")
    assert "1项任务的最后工作日随之调整" in rendered.text
    assert "1项任务的最后工作日随之调整" in rendered.html


def test_an_item_without_a_link_says_how_to_answer():
    rendered = render(replace(SEND_BACK_SAMPLE, items=(an_item(link=None),)))

    assert (
        SEND_BACK_SAMPLE.desk.how_to_answer in rendered.text
        and SEND_BACK_SAMPLE.desk.how_to_answer in html_words(rendered)
    )
    assert "点开" not in rendered.text


def a_day(*sections: Section) -> str:
    digest = replace(DIGEST_SAMPLE, as_of_on=date(2026, 4, 3), detail=Digest(sections=sections))
    message = day_message(digest)
    return f"{message.folder}: {render(message).subject}"


@pytest.mark.parametrize(
    ("kind", "letter"),
    [
        (Kind.ASSIGN, "assign: 【交办】5项任务，最早3月31日到期"),
        (Kind.ADVANCE, "advance: 【提前提醒】5项任务，最早3月31日到期"),
        (Kind.DUE, "due: 【到期】5项任务到期"),
        (Kind.CHASE, "chase: 【催办】5项任务逾期"),
        (Kind.ESCALATE, "escalate: 【督办】1家单位1项任务逾期，最长3个工作日"),
        (Kind.CALENDAR_CHANGE, "digest: 【督办提醒】4月3日：日历变更5项"),
    ],
)
def test_one_kind_alone_is_its_own_letter(kind, letter):
    assert a_day(Section(kind=kind, items=(an_item(days_left=-3),), total=5)) == letter


def test_several_kinds_are_one_digest():
    sections = [Section(kind=kind, items=(an_item(days_left=-3),)) for kind in (Kind.ASSIGN, Kind.ESCALATE)]

    assert a_day(*sections) == "digest: 【督办提醒】4月3日：督办1项、交办1项"
