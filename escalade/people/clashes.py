"""Which changes of the roster mean the same, which cannot stand beside each other, and what one says in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from escalade.people.changes import Away, Change, Override, Swap, Temporary
from escalade.people.reasons import listed
from escalade.time.instants import format_instant

_CIRCUMSTANCES: Final = {"id", "made_at", "by", "reason"}
"""What may differ between two changes that do the same."""


def stream_of_change(change: Change) -> str:
    """The stream of the journal that a change is recorded in: `schedule/<id>`, or `person/<id>` for time off."""
    return f"person/{change.person}" if isinstance(change, Away) else f"schedule/{change.schedule}"


def same(one: Change, other: Change) -> bool:
    """Whether two changes do the same, whoever made them and why."""
    return _effect(one) == _effect(other)


def clash(change: Change, others: Iterable[Change]) -> Change | None:
    """The first change that a new one cannot stand beside; None when there is none.

    Overrides may overlap, for the higher priority and then the later one wins. Two absences of one person, two
    temporary schedules of one schedule, and two swaps of the same part of a shift have no such order.

    Args:
        change: the new one.
        others: those in force, of any kind.
    """
    return next((other for other in others if _clashes(change, other)), None)


def senseless(change: Change) -> tuple[str, str] | None:
    """What is wrong with a change that somebody makes, and how to mend it; None when nothing is."""
    if isinstance(change, Swap) and change.first.person == change.second.person:
        return f"Both shifts are those of {change.first.person}.", "Name two people."
    return None


def sentence(change: Change) -> str:
    """What a change says, for the journal and for lists."""
    window = f"from {format_instant(change.start)} until {format_instant(change.end)}"
    match change:
        case Override(form="add"):
            return f"{listed(change.people)} on duty besides in {change.schedule} {window}"
        case Override(form="remove"):
            return f"{change.whom} off duty in {change.schedule} {window}"
        case Override():
            return f"{listed(change.people)} instead of {change.whom or 'everybody'} in {change.schedule} {window}"
        case Temporary():
            shifts = f"{len(change.shifts)} shift{'s' if len(change.shifts) != 1 else ''}"
            return f"a temporary schedule of {shifts} in place of {change.schedule} {window}"
        case Swap():
            halves = (
                f"{other} takes {own.person}'s shift {format_instant(own.start)} until {format_instant(own.end)}"
                for own, other in ((change.first, change.second.person), (change.second, change.first.person))
            )
            return f"in {change.schedule} {' and '.join(halves)}"
        case Away():
            return f"{change.person} is away {window}"


def _effect(change: Change) -> dict[str, Any]:
    return change.model_dump(exclude=_CIRCUMSTANCES)


def _clashes(one: Change, other: Change) -> bool:
    match one, other:
        case (Away(), Away()):
            return one.person == other.person and _overlap(one, other)
        case (Temporary(), Temporary()):
            return one.schedule == other.schedule and _overlap(one, other)
        case (Swap(), Swap()):
            pairs = [(own, theirs) for own in (one.first, one.second) for theirs in (other.first, other.second)]
            return one.schedule == other.schedule and any(
                own.person == theirs.person and _overlap(own, theirs) for own, theirs in pairs
            )
        case _:
            return False


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.start < other.end and other.start < one.end)
