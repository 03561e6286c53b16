"""The configuration directory: which files it may hold, and those that were read.

A file that nothing reads is a setting somebody believes in, so YAML in an unexpected place is an error, and
anything else unexpected is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from configuration.document import LARGEST_FILE, Document, read_document
from escalade.errors import Problem

ESCALADE: Final = "escalade.yaml"
PEOPLE: Final = "people.yaml"
MAINTENANCE: Final = "maintenance.yaml"
POLICIES: Final = "policies"
SCHEDULES: Final = "schedules"
CALENDARS: Final = "calendars"
NOT_READ: Final = ("tickets", "schemas", "templates", "feeds")
"""Folders that may be there and are not configuration: sample tickets, what `escalade schema` wrote, templates of
messages that go before the built-in ones, and calendars that schedules come from."""

_ALLOWED: Final = (
    "Allowed are escalade.yaml, people.yaml, maintenance.yaml, policies/*.yaml, schedules/*.yaml and "
    "calendars/*.yaml; not read are README.md, tickets/, schemas/, templates/, feeds/ and names that begin with a dot."
)


@dataclass(slots=True)
class Sources:
    """What was read from a configuration directory."""

    escalade: Document | None = None
    people: Document | None = None
    maintenance: Document | None = None
    policies: list[Document] = field(default_factory=list)
    schedules: list[Document] = field(default_factory=list)
    calendars: list[Document] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    """Files that are there but of which nothing could be made."""
    problems: list[Problem] = field(default_factory=list)

    def documents(self) -> Iterator[Document]:
        """Every document, in file order."""
        yield from (document for document in (self.escalade, self.people, self.maintenance) if document)
        yield from self.policies
        yield from self.schedules
        yield from self.calendars


def read_directory(directory: Path) -> Sources:
    """Read every file of a configuration directory; problems are collected, nothing is raised."""
    sources = Sources()
    if not directory.is_dir():
        mend = "Make one with `escalade init`, or let ESCALADE_CONFIG name yours."
        sources.problems.append(Problem(str(directory), 0, "", "There is no such configuration directory.", mend))
        return sources
    sources.escalade = _required(sources, directory, ESCALADE, "It names the catch-all, the channels and defaults.")
    sources.people = _required(sources, directory, PEOPLE, "It names the people, teams and vendors.")
    if (directory / MAINTENANCE).exists() or (directory / MAINTENANCE).is_symlink():
        sources.maintenance = _read(sources, directory, MAINTENANCE)
    sources.policies = _folder(sources, directory, POLICIES)
    sources.schedules = _folder(sources, directory, SCHEDULES)
    sources.calendars = _folder(sources, directory, CALENDARS)
    if not sources.policies and not any(file.startswith(f"{POLICIES}/") for file in sources.unreadable):
        found = "There is no policy."
        sources.problems.append(Problem(POLICIES, 0, "", found, "Write one as policies/NAME.yaml."))
    _unexpected(sources, directory)
    return sources


def read_calendars(directory: Path) -> Sources:
    """Read only the calendars of a configuration directory: they need nothing of the rest."""
    sources = Sources()
    if directory.is_dir():
        sources.calendars = _folder(sources, directory, CALENDARS)
    return sources


def _required(sources: Sources, directory: Path, name: str, what: str) -> Document | None:
    if (directory / name).exists() or (directory / name).is_symlink():
        return _read(sources, directory, name)
    sources.unreadable.add(name)
    mend = f"{what} `escalade init` writes a commented one."
    sources.problems.append(Problem(name, 0, "", "The file is missing.", mend))
    return None


def _folder(sources: Sources, directory: Path, name: str) -> list[Document]:
    folder = directory / name
    found = []
    for path in _entries(sources, folder, name) if folder.is_dir() else []:
        file = f"{name}/{path.name}"
        if path.suffix == ".yaml":
            found.append(_read(sources, directory, file))
        else:
            _stray(sources, path, file)
    return [document for document in found if document]


def _unexpected(sources: Sources, directory: Path) -> None:
    for path in _entries(sources, directory, "."):
        if path.is_dir() and path.name in (POLICIES, SCHEDULES, CALENDARS, *NOT_READ):
            continue
        if path.name not in (ESCALADE, PEOPLE, MAINTENANCE, "README.md"):
            _stray(sources, path, path.name)


def _stray(sources: Sources, path: Path, file: str) -> None:
    yaml = path.suffix.lower() in (".yaml", ".yml")
    if path.is_dir():
        yaml = any(below.suffix.lower() in (".yaml", ".yml") for below in _entries(sources, path, file))
        file += "/"
    rename = "Rename it to .yaml. " if path.suffix == ".yml" else ""
    problem = Problem(file, 0, "", "Nothing reads this.", f"{rename}{_ALLOWED}", "error" if yaml else "warning")
    sources.problems.append(problem)


def _entries(sources: Sources, folder: Path, name: str) -> list[Path]:
    """What is in a folder, by name; names that begin with a dot are the machine's own business."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        problem = Problem(name, 0, "", f"The folder cannot be read: {error.strerror}.", "Mend its permissions.")
        sources.problems.append(problem)
        return []


def _read(sources: Sources, directory: Path, file: str) -> Document | None:
    path = directory / file
    mend = "Mend its permissions."
    try:
        if path.is_symlink() and not path.exists():
            mend = "Mend the link, or remove it."
            raise FileNotFoundError(0, "it is a link that leads nowhere")
        if not path.is_file():
            mend = "Rename it, or put a file in its place."
            raise IsADirectoryError(0, "it is a folder" if path.is_dir() else "it is no file")
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        found = f"The file cannot be read: {error.strerror}."
        sources.problems.append(Problem(file, 0, "", found, mend))
        sources.unreadable.add(file)
        return None
    document, problems = read_document(file, raw)
    sources.problems += problems
    if document is None:
        sources.unreadable.add(file)
    return document
