"""Times of the next weeks in which nobody is on duty, as warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from configuration.document import Document
from escalade.errors import Problem
from escalade.people.changes import Changes
from escalade.people.duty import gaps
from escalade.people.roster import Roster

AHEAD: Final = timedelta(weeks=4)


def coming_gaps(documents: list[Document], roster: Roster, now: datetime) -> Iterator[Problem]:
    """A warning for each schedule with a gap in the next four weeks that does not say that it is meant.

    By what is written alone: time off and overrides are in the store, which `escalade oncall gaps` reads. What a feed
    says is not known here.

    Args:
        documents: the files of `schedules/`.
        roster: everybody, sound.
        now: from when on.
    """
    for document in documents:
        name = document.at(("schedule",))
        schedule = roster.schedules.get(name) if isinstance(name, str) else None
        if schedule is None or schedule.feed is not None or schedule.gaps == "meant":
            continue
        found = gaps(roster, str(name), Changes(), now, now + AHEAD)
        if not found:
            continue
        first, zone = found[0], schedule.tzinfo
        start, end = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (first.start, first.end))
        times = f"{len(found)} times in" if len(found) > 1 else "once in"
        says = f"Nobody is on duty {times} the next four weeks, first from {start} to {end}."
        mend = "Add a layer below that is always there, or write `gaps: meant`."
        yield document.problem(("layers",) if schedule.layers else ("rotation",), says, mend, level="warning")
