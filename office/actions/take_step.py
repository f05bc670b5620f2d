"""One edition's step: plan what it is owed by now, send nothing itself, close the gates whose day has come.

The same step whether the morning round, the edition's own timeline or a person asks for it; asked twice it does
nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.actions.close_gates import GateReport, close_gates
from office.actions.hold_round import finish_round, hold_round, open_round, plan_edition
from office.actions.office import Office
from office.errors import Fault, NotFound, Refused
from office.store.edition_rounds import STEP
from office.store.rounds import EditionNote
from office.store.timelines import edition_state


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What the step did for its edition; `note` is None when the clock stands before a day already held."""

    edition_id: int
    note: EditionNote | None
    gates: GateReport | None
    sentence: str

    def require_done(self) -> None:
        """Raise what went wrong for this edition, so that its run shows it."""
        if self.faults:
            raise Fault("；".join(self.faults))

    @property
    def faults(self) -> tuple[str, ...]:
        gates = [fault.error for fault in self.gates.faults] if self.gates else []
        return (*([self.note.error] if self.note and self.note.error else []), *gates)


def take_step(office: Office, campaign: str, year: int, *, now: datetime) -> StepReport:
    """Raises NotFound for an unknown edition and Refused for one that is not published."""
    edition_id = _published(office, campaign, year)
    opened = open_round(office, now=now)
    if opened.newer:
        return StepReport(edition_id=edition_id, note=None, gates=None, sentence=opened.sentence)
    if opened.status == "planning":
        # Nobody has held today's round: this run is a second door to the whole of it.
        held = hold_round(office, now=now)
        note = next((one for one in held.editions if one.edition_id == edition_id), None)
    else:
        note = plan_edition(office, edition_id, now=now, kind=STEP)
        held = finish_round(office, (note,), now=now)
    gates = close_gates(office, now=now, edition_id=edition_id)
    return StepReport(edition_id=edition_id, note=note, gates=gates, sentence=held.sentence)


def _published(office: Office, campaign: str, year: int) -> int:
    with office.store.reading() as connection:
        found = edition_state(connection, campaign, year)
    if found is None:
        raise NotFound(f"没有 {campaign} {year} 年度，请用 duban calendar show 查看已有的专项行动。")
    if found.state != "published":
        raise Refused(f"{found.name}{year}年没有在办（{found.state}），请先用 duban calendar 发布或恢复。")
    return found.id
