"""A dispatch put into words: what of its facts still stands, how it stands on the day of the letter, where it leads.

The light is the one function's of duban.obligations.lights, from the same facts as on the board.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from calendars.ladders import RUNG_NAMES, RungKind
from calendars.phrases import clock_in
from calendars.workdays import YearUnknown
from duban.bureau import Bureau, light_thresholds
from duban.core.secrets import portal_key
from duban.letters.links import make_link_token
from duban.letters.office import OfficeQueue, waiting_for
from duban.letters.queries import LetterData, LetterObligation, RemindedSupport, point_of
from duban.obligations.lights import Facts, Pace, days_left, points_behind, standing_of, waiting_words
from duban.obligations.support_queries import leads_in_words
from duban.outbox.queries import DIGEST, ClaimedDispatch, Part
from notifications.messages import (
    Asked,
    CalendarChange,
    ChaseByHand,
    Chased,
    Desk,
    Detail,
    Digest,
    ExtensionAnswer,
    ForwardAnswer,
    Item,
    Kind,
    Message,
    Missing,
    Other,
    Progress,
    Rate,
    Rest,
    Section,
    SendBack,
    StageSummary,
    SupportItem,
    Waiting,
    day_message,
)
from notifications.wording import SHOWN, full_date

_KINDS = {kind.value: kind for kind in Kind}


class Obsolete(Exception):
    """Nothing is left to say; the message is the reason, in one Chinese sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLinks:
    """Where the words of a letter lead: `page` opens the contact's unit, None where the portal has no address."""

    unit_id: int
    base: str | None = None
    page: str | None = None

    def item(self, obligation_id: int, unit_id: int) -> str | None:
        """What is another unit's, as in an escalation, is opened by signing in."""
        if self.page is None or unit_id == self.unit_id:
            return self.page and f"{self.page}?to={obligation_id}"
        return f"{self.base}/obligations/{obligation_id}"

    def support(self, duty_id: int, unit_id: int) -> str | None:
        """The same of a supporting unit's part in somebody else's matter."""
        if self.page is None or unit_id == self.unit_id:
            return self.page and f"{self.page}?to=support-{duty_id}"
        return f"{self.base}/support/{duty_id}"

    def signed_in(self, path: str | None) -> str | None:
        """A page of the portal for whoever signs in."""
        return self.base and path and f"{self.base}{path}"

    @property
    def board(self) -> str | None:
        """Where a leader sees the whole, after signing in."""
        return self.base and f"{self.base}/board"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterBatch:
    """A batch of letters being written on one day from facts that were read at one moment."""

    bureau: Bureau
    today: date
    data: LetterData
    queues: Sequence[OfficeQueue] = ()

    def compose(self, row: ClaimedDispatch) -> Message:
        """The message of one dispatch. Raises Obsolete when nothing of it stands any more."""
        if row.kind == DIGEST:
            return self._digest(row)
        return _URGENT[row.kind](self, row, row.payload or {})

    def _message(
        self,
        row: ClaimedDispatch,
        kind: Kind | None,
        items: Iterable[Item] = (),
        *,
        about: Iterable[LetterObligation] = (),
        chases: bool = False,
        total: int | None = None,
        list_link: str | None = None,
        detail: Detail | None = None,
    ) -> Message:
        settings, addressee = self.bureau.settings, self.data.addressees[row.id]
        own = Part.OWN in Part(row.parts)
        assert addressee.name is not None, "a dispatch without a contact is never composed"
        return Message(
            kind=kind,
            to_name=addressee.name,
            unit=addressee.unit,
            as_of_on=self.today,
            desk=Desk(
                name=settings.desk_name,
                contact=settings.desk_contact,
                phone=settings.desk_phone,
                trial=self.bureau.is_trial,
            ),
            items=tuple(items),
            total=total,
            list_link=list_link,
            detail=detail,
            asked=self._asked(about),
            copy_of=self._readers(row, Part.OWN) if chases and not own else (),
            copied_to=self._readers(row, Part.COPY, besides=Part.OWN) if chases and own else (),
        )

    def _asked(self, owed: Iterable[LetterObligation]) -> tuple[Asked, ...]:
        """Whom to ask about these, by the office that runs their campaigns."""
        campaigns: dict[int, dict[str, None]] = {}
        for one in owed:
            campaigns.setdefault(one.coordinator_unit_id, {})[one.campaign] = None
        return tuple(
            Asked(
                office=(office := self.data.offices[unit_id]).unit,
                campaigns=tuple(names),
                name=office.name,
                address=office.address,
            )
            for unit_id, names in campaigns.items()
        )

    def _readers(self, row: ClaimedDispatch, part: Part, besides: Part = Part(0)) -> tuple[str, ...]:
        """Who gets this part of the unit's chase of the day, and not the other one."""
        readers = self.data.readers.get((row.day, row.kind, row.unit_id), ())
        return tuple(name for parts, name in readers if part & parts and not besides & parts)

    def _digest(self, row: ClaimedDispatch) -> Message:
        """What was planned and still stands. A unit's letter speaks of everything it owes overdue, a copy of nothing else."""
        part = Part(row.parts)
        first, last = row.since_round_id or row.round_id or 0, row.round_id or 0
        planned: dict[str, list[LetterObligation]] = {}
        for one in self.data.reminded.get(row.unit_id, ()):
            if one.kind in _kinds(part) and first <= one.round_id <= last:
                planned.setdefault(one.kind, []).append(one.obligation)
        supports = [
            one
            for one in self.data.supports.get(row.unit_id, ())
            if one.kind in _kinds(part) and first <= one.round_id <= last
        ]
        links = self._links(row)
        waiting = self._waiting(row, links) if part & Part.OFFICE else ()
        if not planned and not supports and not waiting:
            raise Obsolete("所列任务在发送前已报送、办结、调整或撤销，无需再发。")
        owed = [(kind, some) for kind, some in self._owed(part, row, planned) if some]
        digest = Digest(
            sections=tuple(self._section(_KINDS[kind], some, links) for kind, some in owed),
            supports=tuple(self._support(some, links) for some in _by_duty(supports)[:SHOWN]),
            supports_total=len(supports),
            waiting=waiting,
        )
        message = self._message(
            row,
            None,
            about=[one for _, some in owed for one in some],
            chases=any(kind == Kind.CHASE for kind, _ in owed),
            list_link=links.page,
            detail=digest,
        )
        return day_message(message)

    def _owed(
        self, part: Part, row: ClaimedDispatch, planned: Mapping[str, Sequence[LetterObligation]]
    ) -> Iterator[tuple[str, Sequence[LetterObligation]]]:
        """By kind, whatever was planned: what is overdue is a chase, and what is not stands under its rung."""
        yield Kind.ESCALATE.value, planned.get(Kind.ESCALATE.value, ())
        if not part & (Part.OWN | Part.COPY):
            return
        overdue = self.data.overdue.get(row.unit_id, ())
        yield Kind.CHASE.value, overdue
        said = {one.id for one in overdue}
        for kind, some in planned.items():
            if kind not in (Kind.ESCALATE, Kind.CHASE):
                yield kind, [one for one in some if one.id not in said]

    def _waiting(self, row: ClaimedDispatch, links: LetterLinks) -> tuple[Waiting, ...]:
        """The queues that the contact works off, with links that ask to sign in."""
        found = waiting_for(self.data.addressees[row.id].roles, self.queues)
        return tuple(
            replace(
                one,
                link=links.signed_in(one.link),
                lines=tuple(replace(line, link=links.signed_in(line.link)) for line in one.lines),
            )
            for one in found
        )

    def _section(self, kind: Kind, owed: Sequence[LetterObligation], links: LetterLinks) -> Section:
        """The first to fall due, and how many there are; of an escalation all, because the letter counts its units."""
        duties = self._duties(owed)
        escalates = kind is Kind.ESCALATE
        items = [self._duty(some, links) for some in (duties if escalates else duties[:SHOWN])]
        if escalates:
            items = [
                replace(item, chased=self._chased(some)) for item, some in zip(items, duties, strict=True)
            ]
        return Section(
            kind=kind,
            items=tuple(items),
            total=len(owed),
            rest=_rest(one for some in duties[SHOWN:] for one in some),
        )

    def _chased(self, owed: Iterable[LetterObligation]) -> tuple[Chased, ...]:
        """When the unit itself was chased for these."""
        times = {time for one in owed for time in self.data.chased.get(one.id, ())}
        return tuple(Chased(on=on, to=to) for on, to in sorted(times))

    def _duties(self, owed: Iterable[LetterObligation]) -> list[list[LetterObligation]]:
        """What a unit owes several times stands together: its occurrences, or its subjects; the first due comes first."""
        duties: dict[tuple[int, int], list[LetterObligation]] = {}
        for one in sorted(owed, key=lambda one: (one.due_on, one.unit, one.campaign, one.title, one.id)):
            duties.setdefault((one.unit_id, one.milestone_id), []).append(one)
        return list(duties.values())

    def _duty(self, owed: Sequence[LetterObligation], links: LetterLinks) -> Item:
        first, *others = owed
        item = self._item(first, links)
        if not others:
            return item
        return replace(
            item,
            milestone=first.title,
            others=tuple(
                Other(
                    obligation_id=one.id,
                    due_on=one.due_on,
                    provisional=self._last_workday(one)[1],
                    subject=one.subject,
                )
                for one in others
            ),
        )

    def _support(self, occurrences: Sequence[RemindedSupport], links: LetterLinks) -> SupportItem:
        """One line for what is supported several times: its first occurrence, and how many follow."""
        one, *others = occurrences
        duty = one.duty
        try:
            left = days_left(duty.due_on, self.today, self.bureau.workdays)
        except YearUnknown:
            left = 0
        return SupportItem(
            duty_id=duty.id,
            kind="时限调整"
            if one.previous_due_on and one.kind == "assign"
            else RUNG_NAMES[RungKind(one.kind)],
            campaign=duty.campaign_name,
            milestone=duty.title,
            unit=duty.unit,
            leads=duty.leads.names,
            leads_stand=leads_in_words(duty.leads),
            due_on=duty.due_on,
            last_workday=duty.last_workday,
            days_left=left,
            document=duty.document,
            due_phrase=duty.due_phrase,
            provisional=duty.provisional,
            link=links.support(duty.id, duty.unit_id),
            previous_due_on=one.previous_due_on,
            others=tuple(each.duty.due_on for each in others),
        )

    def _send_back(self, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
        returned = self._standing(payload)
        if returned.returned_times != payload["times"]:
            raise Obsolete("该任务其后又被退回，以最近一次退回通知为准。")
        until = date.fromisoformat(payload["resubmit_by_on"]) if payload["resubmit_by_on"] else None
        item = self._moved_by_act(self._item(returned, self._links(row)), payload)
        detail = SendBack(
            reason=payload["reason"],
            reviewer=payload["reviewer"],
            times=payload["times"],
            resubmit_by_on=until,
            resubmit_provisional=until is not None and self._is_provisional(until),
        )
        return self._message(row, Kind.SEND_BACK, [replace(item, note=None)], about=[returned], detail=detail)

    def _extension(self, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
        one = self._standing(payload)
        item = self._item(one, self._links(row))
        asked_for = date.fromisoformat(payload["asked_for_on"])
        detail = ExtensionAnswer(
            granted=payload["granted"],
            asked_for_on=asked_for,
            asked_provisional=self._is_provisional(asked_for),
            decided_by=payload["decided_by"],
            reason=payload["reason"],
        )
        moved = self._moved_by_act(item, payload)
        return self._message(row, Kind.EXTENSION, [moved], about=[one], detail=detail)

    def _forward(self, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
        one = self._standing(payload)
        detail = ForwardAnswer(**{field.name: payload[field.name] for field in fields(ForwardAnswer)})
        return self._message(
            row, Kind.FORWARD, [self._item(one, self._links(row))], about=[one], detail=detail
        )

    def _calendar_change(self, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
        links, items, about = self._links(row), list[Item](), list[LetterObligation]()
        for moved in payload["items"]:
            one = self.data.obligations.get(moved["obligation_id"])
            if one is not None and one.stands:
                items += self._moved_by_notice(self._item(one, links), moved)
                about.append(one)
        if not items:
            raise Obsolete("所列任务在发送前已报送、办结、撤销或恢复原时限，无需再告知。")
        return self._message(
            row,
            Kind.CALENDAR_CHANGE,
            items,
            about=about,
            total=payload["total"] - len(payload["items"]) + len(items),
            list_link=links.page,
            detail=CalendarChange(cause=payload["cause"]),
        )

    def _chase_now(self, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
        chosen = [self.data.obligations.get(one["obligation_id"]) for one in payload["items"]]
        # A pause stops reminders, and a chase is one.
        owed = [
            one
            for one in chosen
            if one and one.stands and one.edition_state == "published" and one.unit_id == row.unit_id
        ]
        if not owed:
            raise Obsolete("所催任务在发送前已报送、办结、暂停、免办或撤销，无需再催。")
        links = self._links(row)
        return self._message(
            row,
            Kind.CHASE_NOW,
            [self._duty(some, links) for some in self._duties(owed)],
            about=owed,
            chases=True,
            total=payload["total"] - len(chosen) + len(owed),
            list_link=links.page,
            detail=ChaseByHand(chased_by=payload["chased_by"], words=payload["words"] or None),
        )

    def _stage_summary(self, row: ClaimedDispatch, payload: Mapping[str, Any]) -> Message:
        """The payload is the message; the result stays as the gate found it."""
        if any(number not in self.data.points_in_force for number in point_of(row)):
            raise Obsolete("该项行动或节点已撤回，不再报送阶段小结。")
        message = self._message(
            row, Kind.STAGE_SUMMARY, list_link=self._links(row).board, detail=stage_summary(payload)
        )
        return replace(message, unit=payload["unit"], as_of_on=date.fromisoformat(payload["as_of_on"]))

    def _standing(self, payload: Mapping[str, Any]) -> LetterObligation:
        found = self.data.obligations.get(payload["obligation_id"])
        if found is None or not found.stands:
            raise Obsolete("该任务在发送前已报送、办结、暂停、免办或撤销，无需再发。")
        return found

    def _item(self, one: LetterObligation, links: LetterLinks) -> Item:
        """One obligation as it stands today, under the light that the board shows."""
        bureau, pace = self.bureau, None
        if one.target is not None:
            pace = Pace(target=one.target, reported=one.reported, starts_on=one.starts_on or one.opened_on)
        facts = Facts(state=one.state, due_on=one.due_on, pace=pace)
        seen = standing_of(facts, self.today, bureau.workdays, light_thresholds(bureau))
        last_workday, provisional = self._last_workday(one)
        return Item(
            obligation_id=one.id,
            campaign=one.campaign,
            milestone=f"{one.title}（{one.label}）" if one.label else one.title,
            unit=one.unit,
            due_on=one.due_on,
            last_workday=last_workday,
            days_left=seen.days_left or 0,
            document=one.document,
            due_phrase=one.due_phrase,
            # The hour is the document's own; an extended date has none.
            hour=clock_in(one.rule) if one.due_on == one.point_due_on else None,
            provisional=provisional,
            light=seen.light,
            expected_evidence=one.evidence,
            hard_due_on=one.hard_due_on,
            link=links.item(one.id, one.unit_id),
            subject=one.subject,
            progress=self._progress(one, pace) if pace else None,
            note=_joined(
                f"已退回{one.returned_times}次" if one.returned_times else None,
                waiting_words(self.data.waits_for.get(one.id, ())),
                one.instead,
            ),
            extended=one.extended_times > 0,
        )

    def _progress(self, one: LetterObligation, pace: Pace) -> Progress:
        return Progress(
            target=pace.target,
            reported=pace.reported,
            behind=points_behind(pace, one.due_on, self.today),
            unit_of_measure=one.unit_of_measure,
            as_of_on=one.reported_on,
        )

    def _moved_by_act(self, shown: Item, payload: Mapping[str, Any]) -> Item:
        """The item with the date it stood on before the act, where the act has moved it."""
        before = date.fromisoformat(payload["previous_due_on"])
        if before == shown.due_on:
            return shown
        return replace(shown, previous_due_on=before, previous_provisional=self._is_provisional(before))

    def _moved_by_notice(self, shown: Item, moved: Mapping[str, Any]) -> list[Item]:
        """The item with what a notice has moved; nothing if it stands as it did before."""
        due_on = date.fromisoformat(moved["previous_due_on"])
        last_workday = date.fromisoformat(moved["previous_last_workday"])
        provisional = moved["previous_provisional"]
        if due_on != shown.due_on:
            return [replace(shown, previous_due_on=due_on, previous_provisional=provisional)]
        if last_workday != shown.last_workday:
            said = f"时限不变，最后工作日原为{full_date(last_workday, provisional)}"
            return [replace(shown, note=_joined(said, shown.note))]
        return []

    def _last_workday(self, one: LetterObligation) -> tuple[date, bool]:
        """With whether it is provisional: the point's, or counted anew for a date of the obligation's own."""
        if one.due_on == one.point_due_on:
            return one.last_workday, one.provisional
        try:
            last = self.bureau.workdays.on_or_before(one.due_on)
            return last, self.bureau.workdays.is_provisional(last, one.due_on)
        except YearUnknown:
            return one.due_on, True

    def _is_provisional(self, day: date) -> bool:
        try:
            return self.bureau.workdays.is_provisional(day, day)
        except YearUnknown:
            return True

    def _links(self, row: ClaimedDispatch) -> LetterLinks:
        """Where this letter leads its contact; nowhere without an address or a key."""
        settings = self.bureau.settings
        base = settings.link_start
        if base is None or settings.portal_key is None or row.contact_id is None:
            return LetterLinks(unit_id=row.unit_id, base=base)
        token = make_link_token(
            portal_key(settings),
            unit_id=row.unit_id,
            contact_id=row.contact_id,
            generation=self.data.addressees[row.id].link_generation,
            expires_on=self.today + timedelta(days=settings.link_days),
        )
        return LetterLinks(unit_id=row.unit_id, base=base, page=f"{base}/l/{token}")


_URGENT: dict[str, Callable[[LetterBatch, ClaimedDispatch, Mapping[str, Any]], Message]] = {
    Kind.SEND_BACK.value: LetterBatch._send_back,
    Kind.EXTENSION.value: LetterBatch._extension,
    Kind.FORWARD.value: LetterBatch._forward,
    Kind.CALENDAR_CHANGE.value: LetterBatch._calendar_change,
    Kind.STAGE_SUMMARY.value: LetterBatch._stage_summary,
    Kind.CHASE_NOW.value: LetterBatch._chase_now,
}


def stage_summary(payload: Mapping[str, Any]) -> StageSummary:
    """What rounds.gates.stage_summary_payload has written into the dispatch."""
    names = {field.name for field in fields(StageSummary)}
    parsed = {
        "due_on": date.fromisoformat(payload["due_on"]),
        "owed": payload["total"],
        "missing": tuple(Missing(**one) for one in payload["missing"]),
        "rates": tuple(Rate(**one) for one in payload["rates"]),
    }
    return StageSummary(**{name: value for name, value in payload.items() if name in names} | parsed)


def _by_duty(supports: Sequence[RemindedSupport]) -> list[list[RemindedSupport]]:
    """Occurrences of one milestone together, in order of their dates."""
    found: dict[tuple[int, str, int], list[RemindedSupport]] = {}
    for one in supports:
        found.setdefault((one.duty.edition_id, one.duty.milestone, one.duty.unit_id), []).append(one)
    return list(found.values())


def _kinds(parts: Part) -> frozenset[str]:
    told = {
        Part.OWN: (Kind.ASSIGN, Kind.ADVANCE, Kind.DUE, Kind.CHASE),
        Part.SUPERIOR: (Kind.ESCALATE,),
        Part.COPY: (Kind.CHASE,),
    }
    return frozenset(kind.value for part, some in told.items() if part in parts for kind in some)


def _rest(owed: Iterable[LetterObligation]) -> tuple[Rest, ...]:
    """What is no longer shown one by one, by month."""
    by_month: dict[tuple[int, int], list[LetterObligation]] = {}
    for one in owed:
        by_month.setdefault((one.due_on.year, one.due_on.month), []).append(one)
    return tuple(
        Rest(
            first_due_on=min(one.due_on for one in some),
            number=len(some),
            campaigns=tuple(dict.fromkeys(one.campaign for one in some)),
        )
        for _, some in sorted(by_month.items())
    )


def _joined(*notes: str | None) -> str | None:
    return "；".join(note for note in notes if note) or None
