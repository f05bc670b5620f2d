"""The page that teaches how to write a campaign file tells every key, and its example is sound."""

import re
from pathlib import Path

import pytest

from calendars.model import KIND_NAMES, CampaignKind, EvidenceType, TargetState
from calendars.reader import load_ladders
from calendars.reader.campaign import ENTRIES
from calendars.reader.faults import keys_of
from tests.calendars.campaign_files import faults_of, read_campaign, write_campaign

PAGE = (Path(__file__).parents[2] / "docs" / "calendars.md").read_text(encoding="utf-8")
KEYS = sorted({key for entry in ENTRIES.values() for key in keys_of(entry)})


@pytest.mark.parametrize("word", [*KEYS, *CampaignKind, *EvidenceType, *load_ladders()])
def test_every_key_and_choice_is_explained(word):
    assert f"`{word}`" in PAGE


def test_the_kinds_bear_the_names_that_are_shown_elsewhere():
    for kind, name in KIND_NAMES.items():
        assert f"`{kind}` | {name} |" in PAGE


def test_the_example_is_sound(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = write_campaign(tmp_path, example)

    assert faults_of(path) == ()
    quota = read_campaign(path).milestones[1].quota
    assert quota is not None
    assert [one.state for one in quota.targets][2:] == [TargetState.BLANK, TargetState.NONE]
