"""The roster: `people.yaml`, `schedules/` and the places of `escalade.yaml`, checked against each other.

What is broken leaves a stand-in behind, so that whoever names it is not told that it does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from configuration.channels import Channels
from configuration.directory import SCHEDULES, Sources
from configuration.document import Document, KeyPath
from configuration.files import PeopleFile, ScheduleFile
from configuration.parts import validate_parts
from configuration.shape import listed, suggestion
from escalade.errors import Problem
from escalade.people.roster import (
    ChannelTarget,
    ContactMethod,
    Person,
    Reachable,
    Roster,
    Schedule,
    Target,
    TargetKind,
    Team,
    Vendor,
)

_STAND_IN = "stand-in"
_METHODS = {_STAND_IN: ContactMethod(channel=_STAND_IN)}


@dataclass(slots=True)
class People:
    """The roster as far as it could be read."""

    roster: Roster = field(default_factory=Roster)
    stand_ins: set[Target] = field(default_factory=set)
    """What is written but broken: it exists, and nothing more is known of it."""
    unknown: set[TargetKind] = field(default_factory=set)
    """Kinds of which nothing can be said to be missing, because the file they are in could not be read."""
    problems: list[Problem] = field(default_factory=list)
    _logins: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every person is known."""
        return "person" not in self.unknown

    def read(self, sources: Sources, channels: Channels) -> None:
        """Read people, teams, vendors and schedules, and check all of them; problems are collected."""
        if sources.escalade is None:
            self.unknown.add("channel")
        if sources.people is None:
            self.unknown |= {"person", "team", "vendor", "schedule"}
        else:
            self._read_people(sources.people, channels)
        for document in sources.schedules:
            self._read_schedule(document)
        for file in sorted(sources.unreadable):
            if file.startswith(f"{SCHEDULES}/"):
                self._stand_in("schedule", file.removeprefix(f"{SCHEDULES}/").removesuffix(".yaml"))
        if sources.people is not None:
            self._check_teams(sources.people)
        for document in sources.schedules:
            self._check_schedule(document)

    def read_places(self, document: Document, places: dict[str, ChannelTarget], channels: Channels) -> None:
        """Take in the places of `escalade.yaml`."""
        written = document.at(("places",))
        if not isinstance(written, dict | None):
            self.unknown.add("channel")
        for name in written if isinstance(written, dict) else ():
            place, path = places.get(name), ("places", name)
            if place is None:
                self._stand_in("channel", name)
                continue
            address, problems = self._address(document, path, channels)
            self.problems += problems or channels.check(document, path, channel=place.channel, address=address)
            self.roster.channels[name] = place.model_copy(update={"address": address})

    def _address(self, document: Document, path: KeyPath, channels: Channels) -> tuple[str, list[Problem]]:
        if not isinstance(document.at((*path, "address")), str):
            return "", []
        filled, problems = channels.references.fill(document, (*path, "address"))
        return str(filled), problems

    def _stand_in(self, kind: TargetKind, name: str) -> None:
        self.stand_ins.add(Target(kind, name))
        match kind:
            case "person":
                self.roster.people[name] = Person(methods=_METHODS)
            case "team":
                self.roster.teams[name] = Team(members=[self._nobody()])
            case "vendor":
                self.roster.vendors[name] = Vendor(methods=_METHODS)
            case "schedule":
                rotation = {"members": [self._nobody()], "start": "2026-01-05"}
                self.roster.schedules[name] = Schedule.model_validate({"zone": "UTC", "rotation": rotation})
            case _:
                self.roster.channels[name] = ChannelTarget(channel=_STAND_IN)

    def _nobody(self) -> str:
        """A member for stand-ins, whom everything reaches."""
        if Target("person", _STAND_IN) not in self.stand_ins:
            self._stand_in("person", _STAND_IN)
        return _STAND_IN

    def _read_people(self, document: Document, channels: Channels) -> None:
        sections = ("people", "teams", "vendors")
        parts = validate_parts(document, PeopleFile, maps=sections, stand_ins={"people": {_STAND_IN: {}}})
        self.problems += parts.problems
        file = parts.value or PeopleFile.model_construct(people={}, teams={}, vendors={})
        if parts.value is None or any((section,) in parts.broken for section in sections):
            self.unknown |= {"person", "team", "vendor", "schedule"}
        kinds: list[tuple[str, TargetKind, dict[str, Any], dict[str, Any]]] = [
            ("people", "person", dict(file.people), self.roster.people),
            ("vendors", "vendor", dict(file.vendors), self.roster.vendors),
            ("teams", "team", dict(file.teams), self.roster.teams),
        ]
        for section, kind, good, book in kinds:
            written = document.at((section,))
            for name in written if isinstance(written, dict) else ():
                if name not in good:
                    self._stand_in(kind, name)
                elif isinstance(good[name], Reachable):
                    book[name] = self._reachable(document, (section, name), good[name], channels)
                else:
                    book[name] = good[name]
        for name, person in file.people.items():
            self._check_logins(document, name, person)

    def _reachable(self, document: Document, path: KeyPath, one: Reachable, channels: Channels) -> Reachable:
        """The person or vendor with their addresses filled in and checked."""
        methods = {}
        for method, contact in one.methods.items():
            below = (*path, "methods", method)
            address, problems = self._address(document, below, channels)
            self.problems += problems or channels.check(document, below, channel=contact.channel, address=address)
            methods[method] = contact.model_copy(update={"address": address})
        if not methods:
            found = f"{path[-1]} has no contact method and cannot be told anything."
            self.problems.append(document.problem(path, found, "Give one under `methods:`.", level="warning"))
        return one.model_copy(update={"methods": methods})

    def _check_logins(self, document: Document, name: str, person: Person) -> None:
        for n, login in enumerate(person.logins):
            other = self._logins.setdefault(login.strip().lower(), name)
            people = document.at(("people",))
            clash = other if other != name else login.strip().lower()
            if other != name or (clash in people and clash != name):
                found = f"The login {login!r} belongs to {clash} too."
                mend = "A login names one person: remove it from one of them."
                self.problems.append(document.problem(("people", name, "logins", n), found, mend))

    def _check_teams(self, document: Document) -> None:
        for name, team in self.roster.teams.items():
            if Target("team", name) not in self.stand_ins:
                self._check_members(document, ("teams", name, "members"), team.members)

    def _check_members(self, document: Document, path: KeyPath, members: list[str], *, twice: str = "warning") -> None:
        for n, member in enumerate(members):
            self._check_person(document, (*path, n), member)
            if twice and member in members[:n]:
                found = f"{member!r} is named twice."
                self.problems.append(document.problem((*path, n), found, "Once is enough.", level=twice))

    def _check_person(self, document: Document, path: KeyPath, name: str) -> None:
        if self.complete and name not in self.roster.people:
            known = sorted(set(self.roster.people) - {_STAND_IN})
            mend = f"{suggestion(name, known)}Known in people.yaml: {listed(known, most=8)}."
            self.problems.append(document.problem(path, f"There is no person {name!r}.", mend))

    def _read_schedule(self, document: Document) -> None:
        parts = validate_parts(document, ScheduleFile)
        self.problems += parts.problems
        written = document.at(("schedule",))
        stem = document.file.removeprefix(f"{SCHEDULES}/").removesuffix(".yaml")
        name = written if isinstance(written, str) else stem
        if name in self.roster.schedules:
            found = f"There is a schedule {name!r} in another file already."
            self.problems.append(document.problem(("schedule",), found, "Rename one of them."))
        elif parts.value is None or parts.problems:
            self._stand_in("schedule", name)
        else:
            self.roster.schedules[name] = parts.value.plain()

    def _check_schedule(self, document: Document) -> None:
        """Members and owner exist; read from what is written, so that a broken schedule is checked as well."""
        members = document.at(("rotation", "members"))
        if isinstance(members, list) and all(isinstance(member, str) for member in members):
            # Somebody may well take every other turn.
            self._check_members(document, ("rotation", "members"), members, twice="")
        owner = document.at(("owner",))
        if isinstance(owner, str):
            self._check_person(document, ("owner",), owner)
