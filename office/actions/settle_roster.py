"""What the records of a roster do to what its subjects owe, inside the caller's transaction.

Shared by importing a sheet and recording one subject; history is left to the caller, who has one entry for the act.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from office import clock
from office.actions.office import Office
from office.errors import Refused
from office.store.editions import StoredEdition
from office.store.roster_settling import Settled, Settling, settle_concluded, settle_taken_part


def settle_records(
    connection: Any,
    office: Office,
    stored: StoredEdition,
    roster_id: int,
    *,
    news: Any,
    source: str,
    by: int,
    now: datetime,
    closing: bool = True,
    only_news: bool = False,
) -> Settled:
    """What the roster's records settle; conclusions first, so that nothing concluded waits for a review.

    `news` chooses the subjects whose record is new (None: no one's); without `closing` a conclusion only hands in.
    """
    act = Settling(
        edition_id=stored.id,
        roster_id=roster_id,
        news=news,
        source=source,
        by=by,
        at=now,
        today=clock.civil(now),
        flow_run_id=office.flow_run_id,
        only_news=only_news,
    )
    closed = settle_concluded(connection, act) if closing else 0
    return Settled(closed=closed, submitted=settle_taken_part(connection, act))


def import_source(filename: str, sha256: str) -> str:
    return f"名册登记：{filename}，指纹{sha256}"


def refuse_emptied(subjects: int, name: str) -> None:
    if subjects:
        raise Refused(
            f"有{subjects}个对象（如{name}）原已登记的参检日期或结论在这份名册里是空的，而其任务已据此报结或销号；"
            "请补上，确要撤回的请先退回或重新打开这些任务再导入。"
        )
