"""Duty notices: who is to be told that duty changes hands, and of times with nobody on duty. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from escalade.people.changes import Changes
from escalade.people.duty import gaps, shifts
from escalade.people.roster import Roster
from escalade.time.instants import Instant, format_instant

LATE: Final = timedelta(hours=1)
"""A notice that is later than this is not sent any more: it would only confuse."""
GAPS_AHEAD: Final = timedelta(days=28)
"""So far ahead times with nobody on duty are looked for."""
GAP_NEAR: Final = timedelta(days=1)
"""So long before a gap its owner is told again."""
_FAR: Final = timedelta(days=2)
"""So far ahead, beyond the longest `ahead`, changes are looked for: what is later is found in time."""

NoticeKind = Literal["ahead", "change", "gap", "gap_near"]


class DutyNotice(BaseModel):
    """Something somebody is to be told about duty, from an instant on."""

    model_config = ConfigDict(frozen=True)

    ids: tuple[str, ...]
    """What it is known by: told once. A notice of several gaps has an id for each."""
    schedule: str
    kind: NoticeKind
    person: str
    due: Instant
    """From when on it is to be told."""
    at: Instant
    """When duty changes hands, or the first gap begins."""
    going: tuple[str, ...] = ()
    coming: tuple[str, ...] = ()
    until: Instant | None = None
    """When the duty of those who come ends."""
    gaps: tuple[tuple[Instant, Instant], ...] = ()
    forget: Instant
    """When it need not be remembered any more."""


class Handoff(NamedTuple):
    """An instant at which other people come on duty."""

    at: datetime
    going: tuple[str, ...]
    coming: tuple[str, ...]
    until: datetime | None
    """When the first of those who come goes again."""


class Outlook(NamedTuple):
    """What is to be told now, and when to look again."""

    due: list[DutyNotice]
    next_at: datetime | None
    """None when no schedule asks for notices."""


def outlook(roster: Roster, changes: Changes, *, at: datetime, told: frozenset[str] = frozenset()) -> Outlook:
    """What is to be told by an instant and was not, and when the next notice is due, as far as it is known now.

    Args:
        roster: everybody.
        changes: what was changed at run time, around the instant.
        at: the instant.
        told: the ids of what was told.
    """
    found = [notice for name in roster.schedules for notice in _of(roster, name, changes, at, told)]
    due = sorted((notice for notice in found if notice.due <= at), key=lambda notice: (notice.due, notice.ids))
    later = [notice.due for notice in found if notice.due > at]
    return Outlook(due, min(later, default=None))


def wants_notices(roster: Roster) -> bool:
    """Whether any schedule asks for notices."""
    return any(one.handoff is not None or one.owner is not None for one in roster.schedules.values())


def _of(roster: Roster, name: str, changes: Changes, at: datetime, told: frozenset[str]) -> Iterator[DutyNotice]:
    schedule = roster.schedules[name]
    if schedule.handoff is not None:
        ahead = schedule.handoff.ahead
        far = at + (ahead or timedelta(0)) + _FAR
        # A schedule that is new has handed nothing over, whatever its rotation says of the time before it.
        known = min((version.at for version in changes.versions if version.schedule == name), default=at - LATE)
        since = max(at - LATE, known)
        for handoff in handoffs(roster, name, changes, since, far):
            if ahead and handoff.at > at:
                yield from _sides(name, "ahead", handoff, handoff.at - ahead, told)
            if schedule.handoff.at_change and handoff.at > since:
                yield from _sides(name, "change", handoff, handoff.at, told)
    if schedule.owner is not None and schedule.gaps == "told":
        yield from _gaps(roster, name, changes, at, told)


def handoffs(roster: Roster, schedule: str, changes: Changes, since: datetime, until: datetime) -> list[Handoff]:
    """The instants of a window (its start excluded, its end included) at which other people come on duty, or nobody."""
    found = shifts(roster, schedule, changes, since, until + timedelta(seconds=1))
    edges = sorted({edge for shift in found for edge in (shift.start, shift.end) if since < edge <= until})
    handed = []
    for edge in edges:
        before = {shift.person: shift for shift in found if shift.start < edge <= shift.end}
        after = {shift.person: shift for shift in found if shift.start <= edge < shift.end}
        going = tuple(sorted(person for person in before if person not in after))
        coming = tuple(sorted(person for person in after if person not in before))
        if going or coming:
            ends = [after[person].end for person in coming]
            handed.append(Handoff(edge, going, coming, min(ends, default=None)))
    return handed


def _sides(
    schedule: str, kind: NoticeKind, handoff: Handoff, due: datetime, told: frozenset[str]
) -> Iterator[DutyNotice]:
    for person in (*handoff.going, *handoff.coming):
        notice = f"handoff/{schedule}/{format_instant(handoff.at)}/{kind}/{person}"
        if notice not in told:
            yield DutyNotice(
                ids=(notice,),
                schedule=schedule,
                kind=kind,
                person=person,
                due=due,
                at=handoff.at,
                going=handoff.going,
                coming=handoff.coming,
                until=handoff.until,
                forget=handoff.at + 2 * LATE,
            )


def _gaps(roster: Roster, name: str, changes: Changes, at: datetime, told: frozenset[str]) -> Iterator[DutyNotice]:
    owner = roster.schedules[name].owner
    assert owner is not None
    ahead = [gap for gap in gaps(roster, name, changes, at, at + GAPS_AHEAD) if gap.start > at]
    kinds: tuple[tuple[NoticeKind, timedelta], ...] = (("gap", GAPS_AHEAD), ("gap_near", GAP_NEAR))
    for kind, before in kinds:
        fresh = [
            (f"{kind}/{name}/{format_instant(gap.start)}", gap)
            for gap in ahead
            # What is first found when it is near is told once.
            if kind == "gap_near" or gap.start - at > GAP_NEAR
        ]
        fresh = [(notice, gap) for notice, gap in fresh if notice not in told]
        now = [(notice, gap) for notice, gap in fresh if gap.start - before <= at]
        groups = [now, *([one] for one in fresh if one not in now)]
        for group in (group for group in groups if group):
            yield DutyNotice(
                ids=tuple(notice for notice, _ in group),
                schedule=name,
                kind=kind,
                person=owner,
                due=group[0][1].start - before,
                at=group[0][1].start,
                gaps=tuple((gap.start, gap.end) for _, gap in group),
                forget=max(gap.end for _, gap in group) + LATE,
            )
