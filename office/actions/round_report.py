"""What a round did, for whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from office.store.rounds import EditionNote


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """What a round did. Counts are of this pass, `editions` of the whole day.

    `opens_on` is the day the first edition was handed out: before it there is nothing to remind of.
    `newer` is set when the clock stands before a day that already had its round: nothing is planned then.
    `leaves_at` is when messages leave at the earliest; later than now in quiet hours and on days off.
    """

    held_on: date
    status: str
    leaves_at: datetime
    planned: int = 0
    superseded: int = 0
    dispatches: int = 0
    editions: tuple[EditionNote, ...] = ()
    newer: date | None = None
    opens_on: date | None = None

    @property
    def faults(self) -> tuple[EditionNote, ...]:
        return tuple(note for note in self.editions if note.error)

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.newer:
            return (
                f"已办过{self.newer}的一轮，{self.held_on}不再补办：错过的提醒由较新的一轮一并办理；"
                "若今天并非该日期之前，请校正系统时钟。"
            )
        text = (
            f"{self.held_on}一轮：新排提醒{self.planned}条，并档{self.superseded}条，待发{self.dispatches}封"
        )
        if self.opens_on and self.held_on < self.opens_on:
            text += f"；各项行动自{self.opens_on}起交办，此前不排提醒"
        if held := sum(note.held for note in self.editions):
            text += f"；督办{held}条待统筹科室批准"
        if self.faults:
            text += f"；{len(self.faults)}项行动未能排入（{'、'.join(note.name for note in self.faults)}）"
        return text + "。"
