"""What a letter says must be enough to decide on, whichever door it left by."""

from __future__ import annotations

import json
import re

from tests.stories.bureau import letters_to
from tests.stories.conftest import Opened


def test_a_letter_of_the_command_leads_to_the_portal_and_the_doctor_says_when_only_this_machine_can(
    opened: Opened,
) -> None:
    bureau = opened("place_name_signs")
    bureau.done("calendar", "apply", "2026", "--as", "周处长", on="2026-01-05")

    [letter] = letters_to("zhonglou-mz@unit.example", bureau.morning("2026-01-05"))

    assert re.search(r"办理：http://127\.0\.0\.1:8600/l/\S+\?to=\d+\n", letter.text)
    findings = {one["code"]: one for one in json.loads(bureau.run("doctor", "--json").out)}
    assert findings["D16"]["level"] == "warning" and "DUBAN_LINK_BASE" in findings["D16"]["sentence"]
