"""Trying a schedule from a file alone: no configuration, no store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cli.oncall.spans import read_local
from escalade.errors import ConfigurationError, EscaladeError, InstantError, Problem
from escalade.time.instants import format_instant

if TYPE_CHECKING:
    from pydantic import BaseModel

    from configuration.document import Document
    from configuration.parts import Parts
    from escalade.people import Roster
    from escalade.people.changes import Away, Changes, Override, Swap, Temporary

_SECTIONS: Final = {"overrides": "o", "temporaries": "t", "swaps": "s", "aways": "a"}
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def try_schedule(file: Path, people: Path | None) -> Roster:
    """A roster of one schedule.

    Args:
        file: as in `schedules/`; without `schedule:` it is called like the file.
        people: as `people.yaml`; without it everybody who takes turns exists.

    Raises:
        ConfigurationError: with everything that is wrong with the files.
        EscaladeError: when a file cannot be read.
    """
    from configuration.files import PeopleFile, ScheduleFile
    from configuration.parts import validate_parts
    from escalade.people import Person, Roster

    document = _read(file)
    if isinstance(document.data, dict):
        document.data.setdefault("schedule", file.stem.lower())
    schedule = _good(validate_parts(document, ScheduleFile))
    plain = schedule.plain()
    if people is None:
        return Roster(people={name: Person() for name in plain.members()}, schedules={schedule.schedule: plain})
    book = _good(validate_parts(_read(people), PeopleFile))
    missing = [name for name in plain.members() if name not in book.people]
    if missing:
        found, mend = f"{', '.join(missing)}: nobody of this name is in {people.name}.", "Add them there."
        raise ConfigurationError([Problem(file.name, document.line(()), "", found, mend)])
    return Roster(people=book.people, teams=book.teams, schedules={schedule.schedule: plain})


def try_changes(file: Path, schedule: str, roster: Roster) -> Changes:
    """Changes from a file: lists of `overrides`, `temporaries`, `swaps` and `aways`, the one made later further down.

    Args:
        file: YAML; instants without an offset are on the wall clock of the schedule.
        schedule: what they are about, where they do not say it.
        roster: gets the people they name who are not in it.

    Raises:
        ConfigurationError: with everything that is wrong with the file.
    """
    from configuration.parts import validate_parts
    from escalade.people import Person
    from escalade.people.changes import Changes

    document = _read(file)
    wrong = [*_unknown(document), *_elsewhere(document, schedule)]
    if isinstance(document.data, dict):
        kept = {section: written for section, written in document.data.items() if section in _SECTIONS}
        document.data.clear()
        document.data.update(kept | _completed(kept, schedule, roster.schedules[schedule].tzinfo))
    parts = validate_parts(document, Changes)
    wrong += _senseless(document)
    if wrong or parts.problems:
        raise ConfigurationError([*wrong, *parts.problems])
    changes: Changes = _good(parts)
    named = [person for override in changes.overrides for person in override.people]
    named += [slot.person for temporary in changes.temporaries for slot in temporary.shifts]
    named += [slot.person for swap in changes.swaps for slot in (swap.first, swap.second)]
    for person in named:
        roster.people.setdefault(person, Person())
    if strangers := list(_strangers(document, changes, roster)):
        raise ConfigurationError(strangers)
    return changes


def _elsewhere(document: Document, schedule: str) -> Iterator[Problem]:
    """Changes of another schedule than the one that is tried: they would do nothing here."""
    for section in _SECTIONS:
        written = document.at((section,)) if isinstance(document.data, dict) and section in document.data else None
        for n, one in enumerate(written if isinstance(written, list) else ()):
            about = one.get("schedule", schedule) if isinstance(one, dict) else schedule
            if about != schedule:
                found = f"It is about the schedule {str(about)[:60]!r}, and {schedule} is tried."
                yield document.problem((section, n, "schedule"), found, "Leave it out, or try that schedule.")


def _senseless(document: Document) -> Iterator[Problem]:
    """What could not be made by command either, of the changes that can be read; what is wrong with others is said."""
    from pydantic import ValidationError

    from escalade.people.clashes import senseless

    models = _models()
    for section, written in document.data.items() if isinstance(document.data, dict) else ():
        for n, one in enumerate(written if isinstance(written, list) else ()):
            try:
                said = senseless(models[section].model_validate(one))
            except ValidationError:
                continue
            if said:
                yield document.problem((section, n), *said)


def _strangers(document: Document, changes: Changes, roster: Roster) -> Iterator[Problem]:
    """Whom a change takes off duty who is nowhere in what is tried."""
    leaving = [(("overrides", n, "whom"), one.whom) for n, one in enumerate(changes.overrides)]
    leaving += [(("aways", n, "person"), one.person) for n, one in enumerate(changes.aways)]
    for path, person in leaving:
        if person is not None and person not in roster.people:
            known = ", ".join(sorted(roster.people)[:8])
            yield document.problem(path, f"{person!r} takes no turn here.", f"There is {known}.")


def _models() -> dict[str, type[Override | Temporary | Swap | Away]]:
    from escalade.people.changes import Away, Override, Swap, Temporary

    return {"overrides": Override, "temporaries": Temporary, "swaps": Swap, "aways": Away}


def _unknown(document: Document) -> Iterator[Problem]:
    """Keys that nothing reads: what is stored may have more of them some day, what is written here may not."""
    models = _models()
    data = document.data if isinstance(document.data, dict) else {}
    for section, written in data.items():
        if section not in models:
            yield document.problem((section,), "Nothing reads this key.", f"Allowed are {', '.join(models)}.")
            continue
        known = models[section].model_fields
        for n, one in enumerate(written if isinstance(written, list) else ()):
            for key in one if isinstance(one, dict) else ():
                if key not in known:
                    mend = f"Allowed are {', '.join(known)}."
                    yield document.problem((section, n, key), "Nothing reads this key.", mend)


def _completed(data: dict[str, Any], name: str, zone: ZoneInfo) -> dict[str, Any]:
    """The lists of changes with what a store would have added: ids, when and about what."""
    found: dict[str, Any] = {}
    for section, letter in _SECTIONS.items():
        written = data.get(section)
        if not isinstance(written, list):
            continue
        found[section] = [_completed_one(section, one, name, f"{letter}{n + 1}", zone) for n, one in enumerate(written)]
    return found


def _completed_one(section: str, written: Any, name: str, change_id: str, zone: ZoneInfo) -> Any:
    if not isinstance(written, dict):
        return written
    made_at = f"2000-01-01T00:00:00.{int(change_id[1:]):06}Z"
    known = {"id": change_id, "made_at": made_at} | ({} if section == "aways" else {"schedule": name})
    return known | _change(section, written, zone)


def _change(section: str, written: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """A change with its local times as instants; a swap spans both its halves."""
    found = {key: _instants(value, zone) for key, value in _local(written, zone).items()}
    halves = [half for half in (found.get("first"), found.get("second")) if isinstance(half, dict)]
    if section == "swaps" and len(halves) == 2:
        found = {
            "start": min(str(h.get("start")) for h in halves),
            "end": max(str(h.get("end")) for h in halves),
        } | found
    return found


def _instants(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, list):
        return [_instants(item, zone) for item in value]
    return _local(value, zone) if isinstance(value, dict) else value


def _local(entry: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The entry with its local times as instants; what is none is left for its model to tell."""
    found = dict(entry)
    for key in ("start", "end"):
        if isinstance(found.get(key), str):
            with contextlib.suppress(InstantError, OverflowError):
                found[key] = format_instant(read_local(found[key], zone, _LONG_AGO))
    return found


def _read(file: Path) -> Document:
    from configuration.document import LARGEST_FILE, read_document

    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise EscaladeError(f"{file} cannot be read: {error.strerror}.", mend="Name a file that is there.") from None
    document, problems = read_document(file.name, raw)
    if document is None or problems:
        raise ConfigurationError(problems)
    return document


def _good(parts: Parts[Any]) -> Any:
    if parts.problems:
        raise ConfigurationError(parts.problems)
    value: BaseModel | None = parts.value
    assert value is not None
    return value
