"""There is no way for the portal to ask without a person: every action it uses takes `by`, without a default."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

PORTAL = Path(__file__).resolve().parents[2] / "portal"
# What needs no person, and why.
WITHOUT = {
    "find_session.find_session": "finds out who it is",
    "find_client.find_client": "finds out whose token it is",
    "feed_token.reader_of": "finds out whose calendar it is",
    "sign_in.sign_in": "nobody is signed in yet",
    "sign_in_oidc.sign_in_oidc": "nobody is signed in yet",
    "enter_once.enter_once": "nobody is signed in yet",
    "enter_by_link.enter_by_link": "nobody is signed in yet",
    "make_link.read_link_token": "reads a token, no ledger",
    "secret_tokens.portal_key": "reads a setting, no ledger",
    "keep_form.keep_form": "keeps for the one whose session ended, named by person_id",
    "answer_once.begin_answer": "keeps for the client, which is a person's",
    "answer_once.finish_answer": "keeps for the client, which is a person's",
    "answer_once.forget_answer": "keeps for the client, which is a person's",
    "acting.cleaned": "cleans a text, no ledger",
    "read_notice.with_notices": "workdays are everybody's",
    "read_notice.read_notice": "reads a file, no ledger",
    "propose_notice.preview_notice": "workdays are everybody's",
    "find.unit_named": "names of units are everybody's",
    "find.person_named": "only finds whom an act is about; the act decides",
    "add_person.add_person": "the console enters the first person as the system; the page passes its own",
    "write_board.write_board": "writes what was read by somebody",
    "write_ranking.write_ranking": "writes what was read by somebody",
    "write_runs.write_runs": "writes what was read by somebody",
    "export_faults.export_faults": "writes what was read by somebody",
    "keep_sheet.drop_sheet": "takes a sheet that find_sheet gave to its own person",
}


def _used() -> Iterator[tuple[str, inspect.Signature]]:
    """Every function of office.actions that the portal imports, by `module.name`."""
    for path in sorted(PORTAL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("office.actions."):
                module = import_module(str(node.module))
                for alias in node.names:
                    found = getattr(module, alias.name, None)
                    if inspect.isfunction(found):
                        yield f"{str(node.module).rpartition('.')[2]}.{alias.name}", inspect.signature(found)


def test_every_action_that_the_portal_uses_takes_the_person() -> None:
    without = {
        name
        for name, signature in _used()
        if "by" not in signature.parameters
        or signature.parameters["by"].default is not inspect.Parameter.empty
    }

    assert without - set(WITHOUT) == set()
    assert set(WITHOUT) - without == set(), "these take the person by now"
