"""What a new reading of a calendar feed may change of who is on duty. Pure.

A calendar is its owner's truth, so what it says from now on counts, for the shift under way too. But a calendar also
breaks: it is exported empty, loses its events, or names people in another way. So it never takes the last person off
duty by silence: whoever is on duty stays to the end of the shift unless the calendar names somebody else for now, or
says that the shift ended. And what was is not rewritten (decision 34).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from escalade.people.changes import DutySlot
from escalade.time.instants import format_instant


class Taken(NamedTuple):
    """What is in force after a reading."""

    shifts: tuple[DutySlot, ...]
    """In place of those that were not over; the part of one that is over by now stays as it was."""
    problem: str = ""
    """What of the reading was not taken, in a sentence; empty when all of it was."""
    refused: bool = False
    """Whether nothing of it was taken."""


def taken(
    kept: Sequence[DutySlot],
    said: Sequence[DutySlot],
    *,
    at: datetime,
    cancelled: Sequence[DutySlot] = (),
    known: Collection[str] | None = None,
    anyway: bool = False,
) -> Taken:
    """What is in force from an instant on.

    Args:
        kept: the shifts that are not over, as they were in force until now.
        said: the shifts that the feed says, those that are over included.
        at: the instant.
        cancelled: shifts that the feed says are called off.
        known: everybody who can be on duty; others are missed by nobody. Everybody without it.
        anyway: take all of it, whoever it leaves on duty: somebody looked at it.
    """
    coming = [slot for slot in said if slot.end > at]
    standing = [
        slot
        for slot in kept
        if not _is_called_off(slot, said, cancelled, at) and (known is None or slot.person in known)
    ]
    held: list[DutySlot] = []
    problem = ""
    if not anyway and standing and not coming:
        ahead = f"{len(standing)} shift{'s' if len(standing) != 1 else ''}"
        return Taken(tuple(kept), f"It names nobody from now on, and said {ahead} before.", refused=True)
    if not anyway and all(slot.start > at for slot in coming):
        # Up to where the feed names somebody again.
        following = min((slot.start for slot in coming), default=None)
        held = [
            slot.model_copy(update={"end": min(slot.end, following or slot.end)})
            for slot in standing
            if slot.start <= at
        ]
    if held:
        names = " and ".join(slot.person for slot in held)
        until = format_instant(max(slot.end for slot in held))
        stay = "stays" if len(held) == 1 else "stay"
        problem = f"It names nobody for now; {names} {stay} on duty until {until}, as it said before."
    return Taken(tuple(sorted(_continued(kept, [*held, *coming], at), key=_order)), problem)


def on_duty(shifts: Sequence[DutySlot], at: datetime) -> list[str]:
    """Who is on duty by these shifts at an instant, each once, in order of name."""
    return sorted({slot.person for slot in shifts if slot.start <= at < slot.end})


def _is_called_off(slot: DutySlot, said: Sequence[DutySlot], cancelled: Sequence[DutySlot], at: datetime) -> bool:
    """Whether the feed says that a shift does not go on: it was cancelled, or given an end that has passed."""
    shortened = [other for other in said if other.end <= at]
    return any(
        other.person == slot.person and other.start < slot.end and slot.start < other.end
        for other in (*shortened, *cancelled)
    )


def _continued(kept: Sequence[DutySlot], said: Sequence[DutySlot], at: datetime) -> list[DutySlot]:
    """The shifts of a reading, with the past of those under way as it was and not as the feed says now."""
    before = {slot.person: slot for slot in kept if slot.start <= at}
    found = []
    for slot in said:
        if slot.start <= at:
            was = before.pop(slot.person, None)
            slot = slot.model_copy(update={"start": was.start if was else at})  # noqa: PLW2901 - the same shift
        found.append(slot)
    # Who went: what they did until now stays.
    found += [slot.model_copy(update={"end": at}) for slot in before.values() if slot.start < at]
    return found


def _order(slot: DutySlot) -> tuple[datetime, str]:
    return slot.start, slot.person
