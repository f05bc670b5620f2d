"""Send again what has failed for good: an explicit act of a coordinator or operator, kept in the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from office.actions.office import Office
from office.errors import Refused
from office.store import dispatch_recovery, history
from office.store.dry_run import take_back
from rules.people import Actor
from rules.retries import retrying_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The dispatches that wait again; `nobody` are those whose unit still has no contact."""

    dispatches: tuple[int, ...]
    nobody: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if not self.dispatches and not self.nobody:
            return "没有需要重发的消息。"
        text = f"{len(self.dispatches)}封转为待发，下一次发送时送出"
        if self.nobody:
            numbers = "、".join(str(number) for number in self.nobody)
            text += f"；{len(self.nobody)}封仍无联系人（{numbers}），请先补录该单位的联系人"
        return text + "。"


def retry_dispatch(
    office: Office,
    dispatch_ids: Sequence[int] | None,
    *,
    by: Actor,
    now: datetime,
    even_unsure: bool = False,
    dry_run: bool = False,
) -> Retried:
    """Let these dispatches wait again, or with None all that have failed. One that is refused refuses all."""
    with office.store.writing() as connection:
        wanted = (
            dispatch_recovery.all_failed(connection)
            if dispatch_ids is None
            else tuple(dict.fromkeys(dispatch_ids))
        )
        statuses = dispatch_recovery.statuses(connection, wanted)
        if reasons := retrying_refusals(by, wanted, statuses, even_unsure=even_unsure):
            raise Refused(reasons)
        nobody = dispatch_recovery.put_back(connection, wanted, now)
        done = Retried(
            dispatches=tuple(number for number in wanted if number not in nobody),
            nobody=tuple(sorted(nobody)),
        )
        if done.dispatches:
            history.append(
                connection,
                at=now,
                by=by,
                verb="retry",
                noun="dispatch",
                noun_id=wanted[0] if len(wanted) == 1 else None,
                detail={"dispatches": list(done.dispatches), "previous": sorted(set(statuses.values()))},
                flow_run_id=office.flow_run_id,
            )
        if dry_run:
            take_back(connection)
    return done
