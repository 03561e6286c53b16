"""The calendars: each checked on its own, countries and emptiness included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from configuration.directory import CALENDARS, Sources, read_calendars
from configuration.document import Document, read_document
from configuration.parts import validate_parts
from escalade.errors import ConfigurationError, Problem
from escalade.time.calendar import CalendarSpec, HolidaySpec
from escalade.time.compile import Complaint, complaints, holiday_complaints

_STAND_IN = "stand-in"


@dataclass(slots=True)
class Calendars:
    """The calendars as far as they could be read, in file order."""

    specs: dict[str, CalendarSpec] = field(default_factory=dict)
    """Those that are good."""
    names: dict[str, str] = field(default_factory=dict)
    """Every name written and its file, those of broken calendars included."""
    problems: list[Problem] = field(default_factory=list)

    def read(self, sources: Sources, *, now: datetime | None = None) -> None:
        """Read and check every file of `calendars/`; problems are collected.

        Args:
            sources: the files.
            now: the instant from which on a calendar has to be open at all; that of the call without it.
        """
        for file in sorted(sources.unreadable):
            if file.startswith(f"{CALENDARS}/"):
                self.names[_stem(file)] = file
        for document in sources.calendars:
            self._read(document, now or datetime.now(UTC))

    def _read(self, document: Document, now: datetime) -> None:
        parts = validate_parts(document, CalendarSpec, stand_ins={"calendar": _STAND_IN, "zone": "UTC"})
        self.problems += parts.problems
        written = document.at(("calendar",))
        name = written if isinstance(written, str) else _stem(document.file)
        first = self.names.setdefault(name, document.file)
        if first != document.file:
            found = f"There is a calendar {name!r} in {first} already."
            self.problems.append(document.problem(("calendar",), found, "Rename one of them."))
        elif parts.value is not None:
            complained = complaints(parts.value, now=now)
            if ("holidays",) in parts.broken:
                # One that cannot be read is no reason to say nothing of the others.
                complained += _of_each_holiday(document, now)
            self.problems += [
                document.problem(path, found, mend)
                for path, found, mend in complained
                # Whether it is ever open nobody knows while a part of it is broken.
                if (path[0] == "holidays" or not parts.concerns(path))
                and not (path == ("hours",) and parts.broken - parts.unread)
            ]
            if not complained and not parts.problems:
                self.specs[name] = parts.value


def calendars_of(directory: Path) -> Calendars:
    """The calendars of a configuration directory, read without the rest of it."""
    sources, calendars = read_calendars(directory), Calendars()
    calendars.problems += sources.problems
    calendars.read(sources)
    return calendars


def calendar_file(path: Path, *, now: datetime | None = None) -> CalendarSpec:
    """A calendar from a file alone.

    Raises:
        ConfigurationError: with everything that is wrong with it.
        OSError: when the file cannot be read.
    """
    document, problems = read_document(str(path), path.read_bytes())
    calendars = Calendars()
    if document is not None:
        calendars.read(Sources(calendars=[document]), now=now)
    problems += calendars.problems
    if problems or not calendars.specs:
        raise ConfigurationError(problems)
    (spec,) = calendars.specs.values()
    return spec


def _of_each_holiday(document: Document, now: datetime) -> Iterator[Complaint]:
    written = document.at(("holidays",))
    for n, one in enumerate(written if isinstance(written, list) else ()):
        try:
            holiday = HolidaySpec.model_validate(one)
        except ValidationError:
            continue
        yield from holiday_complaints(n, holiday, now=now)


def _stem(file: str) -> str:
    return file.removeprefix(f"{CALENDARS}/").removesuffix(".yaml")
