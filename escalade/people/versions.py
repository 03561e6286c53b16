"""Versions of schedules: which ones a reload has to store, so that nobody is moved by it (decision 34)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from escalade.people.changes import Changes, Version
from escalade.people.eras import carried, stored_eras, written
from escalade.people.roster import Roster


def new_versions(
    roster: Roster, changes: Changes, at: datetime, *, only: Collection[str] | None = None
) -> list[Version]:
    """The versions that are not stored yet: one for each schedule that is new or says something else than before.

    Args:
        roster: as configured now.
        changes: what is stored.
        at: the instant of the load or reload.
        only: the schedules to look at; all of them without it.
    """
    found = []
    for name, schedule in roster.schedules.items():
        if only is not None and name not in only:
            continue
        stored = [version for version in changes.versions if version.schedule == name]
        if not stored:
            found.append(Version(schedule=name, at=at, written=written(schedule)))
            continue
        last = max(stored, key=lambda version: version.at)
        if last.written == written(schedule):
            continue
        before = stored_eras(name, stored)
        turns = carried(before[-1], schedule, at) if before else ()
        found.append(Version(schedule=name, at=at, written=written(schedule), turns=turns))
    return found


def settled(roster: Roster, changes: Changes, at: datetime, *, only: Collection[str] | None = None) -> Changes:
    """The changes with the versions that a load at this instant would store: what is in force from then on."""
    missing = new_versions(roster, changes, at, only=only)
    return changes.model_copy(update={"versions": (*changes.versions, *missing)}) if missing else changes
