"""There is no way for the portal to ask without a person: every action it uses takes `by`, without a default."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

PORTAL = Path(__file__).resolve().parents[2] / "duban" / "portal"
# A function of a noun that is handed the bureau acts in it; its pure rules do not.
ACTS = re.compile(r"duban\.(?!core|portal|cli|ops)[a-z_.]+")
# What needs no person, and why.
WITHOUT = {
    "find_session": "finds out who it is",
    "find_client": "finds out whose token it is",
    "reader_of": "finds out whose calendar it is",
    "sign_in": "nobody is signed in yet",
    "sign_in_oidc": "nobody is signed in yet",
    "enter_once": "nobody is signed in yet",
    "enter_by_link": "nobody is signed in yet",
    "keep_form_draft": "keeps for the one whose session ended, named by person_id",
    "begin_answer": "keeps for the client, which is a person's",
    "finish_answer": "keeps for the client, which is a person's",
    "forget_answer": "keeps for the client, which is a person's",
    "with_notices": "workdays are everybody's",
    "preview_notice": "workdays are everybody's",
    "unit_named": "names of units are everybody's",
    "person_named": "only finds whom an act is about; the act decides",
    "add_person": "the console enters the first person as the system; the page passes its own",
}


def _used() -> Iterator[tuple[str, inspect.Signature]]:
    """Every function of a noun that the portal imports and that opens the ledger, by its name."""
    for path in sorted(PORTAL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and ACTS.fullmatch(node.module or ""):
                module = import_module(str(node.module))
                for alias in node.names:
                    found = getattr(module, alias.name, None)
                    if inspect.isfunction(found) and "bureau" in inspect.signature(found).parameters:
                        yield alias.name, inspect.signature(found)


def test_every_action_that_the_portal_uses_takes_the_person() -> None:
    without = {
        name
        for name, signature in _used()
        if "by" not in signature.parameters
        or signature.parameters["by"].default is not inspect.Parameter.empty
    }

    assert without - set(WITHOUT) == set()
    assert set(WITHOUT) - without == set(), "these take the person by now"
