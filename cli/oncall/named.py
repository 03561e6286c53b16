"""Schedules and people by the names somebody types."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli.oncall.complaints import Complaints

if TYPE_CHECKING:
    from escalade.people import Roster, Schedule


def schedule_of(complaints: Complaints, roster: Roster, name: str) -> Schedule | None:
    """The schedule of this name, with or without `schedule:`; None and a complaint when there is none."""
    found = roster.schedules.get(name.removeprefix("schedule:"))
    if found is None:
        complaints.add(f"There is no schedule {name!r}.", _near(name, roster.schedules))
    return found


def person_of(complaints: Complaints, roster: Roster, name: str) -> str | None:
    """The id of the person of this id or login; None and a complaint when nobody, or more than one, is called so."""
    found = roster.person_of(name.removeprefix("person:"))
    if found is None:
        logins = (login for person in roster.people.values() for login in person.logins)
        complaints.add(f"There is nobody called {name!r} in people.yaml.", _near(name, [*roster.people, *logins]))
    return found


def _near(name: str, known: Iterable[str]) -> str:
    there = sorted(known)
    near = difflib.get_close_matches(name, there, n=3)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"There is {', '.join(there[:8])}{', …' if len(there) > 8 else ''}." if there else "There is none at all."
