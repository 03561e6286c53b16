"""Duty notices: what is due is worked out from the roster as it is now, and put into the reader's words."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.guard import Guard, StoreAwayError
from activities.wording import Reader, Wording, clock
from configuration import Live
from escalade.messages import Snapshot
from escalade.messages.activities import PagePerson
from escalade.messages.duty import DutyPlan, DutyRequest, PreparedNotice
from escalade.people.notices import GAPS_AHEAD, DutyNotice, outlook, wants_notices
from escalade.people.resolve import recipient_of
from escalade.people.roster import Roster, Target
from escalade.record import Entry
from escalade.ticket import SYSTEM
from escalade.time.instants import format_instant
from store import Store, TicketQuery

_STORE: Final = timedelta(seconds=10)
_BEHIND: Final = timedelta(days=60)
_AHEAD: Final = GAPS_AHEAD + timedelta(days=400)
_LOOK: Final = timedelta(hours=12)
"""With nothing ahead it is looked at again after so long."""
_LISTED: Final = 20
"""So many open tickets are named in a notice; the others are counted."""


class DutyNotices:
    """Works out what is to be told about duty."""

    def __init__(self, configuration: Live, store: Store, guard: Guard, wording: Wording) -> None:
        """Keep what every look needs.

        Args:
            configuration: asked anew each time.
            store: changes made at run time, and the open tickets.
            guard: the way to the store.
            wording: the words.
        """
        self._configuration = configuration
        self._store = store
        self._guard = guard
        self._wording = wording

    @activity.defn(name="duty")
    async def duty(self, request: DutyRequest) -> DutyPlan:
        """What is to be told now, in the readers' words. Without the store it waits: overrides are in there."""
        roster, at = self._configuration.current.roster, request.at
        if not wants_notices(roster):
            return DutyPlan()
        try:
            changes = await self._guard.call(lambda: self._store.changes(at - _BEHIND, at + _AHEAD), within=_STORE)
            found = outlook(roster, changes, at=at, told=frozenset(request.told))
            tickets = await self._guard.call(lambda: self._tickets(found.due), within=_STORE)
        except StoreAwayError as error:
            raise ApplicationError(
                str(error), type=type(error).__name__, category=ApplicationErrorCategory.BENIGN
            ) from error
        prepared = [self._prepared(roster, notice, tickets, at) for notice in found.due]
        return DutyPlan(notices=[one for one in prepared if one is not None], next_at=found.next_at or at + _LOOK)

    def _tickets(self, due: list[DutyNotice]) -> dict[str, list[Snapshot]]:
        going = {person for notice in due for person in notice.going}
        return {person: self._store.tickets(TicketQuery(mine=person, open_only=True)) for person in sorted(going)}

    def _prepared(
        self, roster: Roster, notice: DutyNotice, tickets: dict[str, list[Snapshot]], at: datetime
    ) -> PreparedNotice | None:
        target = Target("person", notice.person)
        contact = roster.contact(target)
        if contact is None or not contact.methods:
            return None
        about = f"schedule:{notice.schedule}"
        handoff = notice.kind in ("ahead", "change")
        why = f"on duty in {about}, before or after the change" if handoff else f"owner of {about}"
        recipient = recipient_of(roster, target, why)
        person = PagePerson(
            target=recipient.target,
            why=why,
            methods=[plan for plan in recipient.plan if not plan.after][:1],
            fallbacks=recipient.fallbacks,
        )
        reader = Reader.of(recipient.target, contact)
        facts = self._facts(roster, notice, tickets, reader)
        name = "handoff" if handoff else "gaps"
        return PreparedNotice(
            id=_id_of(notice),
            ids=list(notice.ids),
            schedule=notice.schedule,
            person=person,
            subject=self._wording.words(f"{reader.language}/{name}.subject.j2", facts),
            text=self._wording.words(f"{reader.language}/{name}.text.j2", facts),
            due=notice.due,
            forget=notice.forget,
            entry=_entry(notice, at),
        )

    def _facts(
        self, roster: Roster, notice: DutyNotice, tickets: dict[str, list[Snapshot]], reader: Reader
    ) -> dict[str, Any]:
        def name(person: str) -> str:
            found = roster.people.get(person)
            return found.name if found is not None and found.name else person

        theirs = {row.key: row for person in notice.going for row in tickets.get(person, [])}
        return {
            "schedule": roster.schedules[notice.schedule].name or notice.schedule,
            "now": notice.kind == "change",
            "you_come": notice.person in notice.coming,
            "at": clock(notice.at, reader.zone),
            "until": clock(notice.until, reader.zone) if notice.until is not None else "",
            "going": [name(person) for person in notice.going],
            "coming": [name(person) for person in notice.coming],
            "tickets": [
                f"{row.key}  {row.severity.value}  {row.title[:100]}" for row in list(theirs.values())[:_LISTED]
            ],
            "more": max(len(theirs) - _LISTED, 0),
            "near": notice.kind == "gap_near",
            "gaps": [(clock(start, reader.zone), clock(end, reader.zone)) for start, end in notice.gaps],
        }


def _id_of(notice: DutyNotice) -> str:
    """The same for the same notice, whoever works it out."""
    if len(notice.ids) == 1:
        return notice.ids[0]
    digest = hashlib.sha256("\n".join(notice.ids).encode()).hexdigest()[:12]
    return f"{notice.kind}/{notice.schedule}/{len(notice.ids)}/{digest}"


def _entry(notice: DutyNotice, at: datetime) -> Entry:
    handoff = notice.kind in ("ahead", "change")
    if handoff:
        going, coming = (", ".join(names) or "nobody" for names in (notice.going, notice.coming))
        what = f"{notice.person} is told: duty goes from {going} to {coming} at {format_instant(notice.at)}"
    else:
        times = "; ".join(f"{format_instant(start)} to {format_instant(end)}" for start, end in notice.gaps[:5])
        rest = f"; and {len(notice.gaps) - 5} more" if len(notice.gaps) > 5 else ""
        what = f"{notice.person}, the owner, is told that nobody is on duty: {times}{rest}"
    return Entry(
        entry_id=f"{_id_of(notice)}/told",
        stream=f"schedule/{notice.schedule}",
        at=at,
        actor=SYSTEM,
        kind="handoff.told" if handoff else "gap.told",
        what=what,
        why="the schedule asks for it" if handoff else "a gap is told before it comes",
        data={"person": notice.person, "kind": notice.kind, "at": format_instant(notice.at)},
    )
