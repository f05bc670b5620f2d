"""Phrases as the sources wrote them, Traditional script included."""

import pytest

from calendars.deadlines.parts import NotUnderstood, Reading
from calendars.phrases import read_phrase


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("發布時間:2025-08-22", "发布时间:2025-08-22"),
        ("月均走訪", "月均走访"),
        ("爭取年內", "争取年内"),
        ("9月底試運營", "9月底试运营"),
        ("今年計劃", "今年计划"),
        ("月度自查", "月度自查"),
        ("年底前累計完成20個", "年底前累计完成20个"),
        ("擬制定", "拟制定"),
        ("秋季入學", "秋季入学"),
        ("三月三十一日前報送", "三月三十一日前报送"),
        ("每季度末月25日前", "每季度末月25日前"),
        ("國慶節期間", "国庆节期间"),
        ("收到通知後5個工作日內", "收到通知后5个工作日内"),
        ("每週五17時前", "每周五17时前"),
    ],
)
def test_both_scripts_read_alike_and_the_original_is_kept(traditional, simplified):
    found, other = read_phrase(traditional), read_phrase(simplified)

    assert isinstance(found, Reading)
    assert isinstance(other, Reading)
    assert found.rule == other.rule
    assert found.text == traditional


def test_a_refused_phrase_keeps_its_original_words():
    found = read_phrase("兩節期間")

    assert isinstance(found, NotUnderstood)
    assert found.text == "兩節期間"


def test_bytes_that_are_no_text_go_to_a_person():
    assert isinstance(read_phrase("3月底前\udc80"), NotUnderstood)
