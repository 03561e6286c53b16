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
from escalade.people.capacity import Capacity
from escalade.people.roster import (
    ChannelTarget,
    ContactMethod,
    Person,
    Reachable,
    Roster,
    Target,
    TargetKind,
    Team,
    Vendor,
)
from escalade.people.schedule import Schedule
from escalade.time.public_holidays import unknown_place

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

    @property
    def sound(self) -> bool:
        """Whether all is well with the roster, so that who can be reached can be told."""
        return self.complete and not any(problem.level == "error" for problem in self.problems)

    def read(self, sources: Sources, channels: Channels) -> None:
        """Read people, teams, vendors and schedules, and check all of them; problems are collected."""
        if sources.escalade is None:
            self.unknown.add("channel")
        if sources.people is None:
            self.unknown |= {"person", "team", "vendor", "schedule"}
        else:
            self._read_people(sources.people, channels)
        for document in sources.schedules:
            self._read_schedule(document, channels)
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
            address = self._address(document, path, place.channel, channels)
            self.roster.channels[name] = place.model_copy(update={"address": address})

    def _address(self, document: Document, path: KeyPath, channel: str, channels: Channels) -> str:
        """The address at a path, filled in and checked."""
        filled, problems = channels.references.fill(document, (*path, "address"))
        address = filled if isinstance(filled, str) else ""
        self.problems += problems
        self.problems += channels.check(document, path, channel=channel, address=None if problems else address)
        return address

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
        parts = validate_parts(document, PeopleFile, stand_ins={"people": {_STAND_IN: {}}})
        self.problems += parts.problems
        file = parts.value or PeopleFile.model_construct(people={}, teams={}, vendors={}, capacity=Capacity())
        if parts.value is None or any((section,) in parts.broken for section in ("people", "teams", "vendors")):
            self.unknown |= {"person", "team", "vendor", "schedule"}
        self.roster.capacity = file.capacity
        kinds: list[tuple[str, TargetKind, dict[str, Any], dict[str, Any]]] = [
            ("people", "person", dict(file.people), self.roster.people),
            ("vendors", "vendor", dict(file.vendors), self.roster.vendors),
            ("teams", "team", dict(file.teams), self.roster.teams),
        ]
        for section, kind, good, book in kinds:
            written = document.at((section,))
            for name in written if isinstance(written, dict) else ():
                one = good.get(name)
                if isinstance(one, Reachable):
                    one = self._reachable(document, (section, name), one, channels)
                if one is None:
                    self._check_contacts(document, (section, name), channels)
                if one is None or parts.concerns((section, name)):
                    self._stand_in(kind, name)
                    continue
                book[name] = one
                if isinstance(one, Reachable) and not one.methods:
                    found = f"{name} has no contact method and cannot be told anything."
                    mend = "Give one under `methods:`."
                    self.problems.append(document.problem((section, name), found, mend, level="warning"))
        written = document.at(("people",))
        for name, entry in written.items() if isinstance(written, dict) else ():
            if isinstance(entry, dict):
                self._check_entry(document, name, entry, file.people.get(name))

    def _check_contacts(self, document: Document, path: KeyPath, channels: Channels) -> None:
        """The channels and addresses of an entry that cannot be read as a whole."""
        methods = document.at((*path, "methods"))
        for method, contact in methods.items() if isinstance(methods, dict) else ():
            if isinstance(contact, dict) and isinstance(contact.get("channel"), str):
                self._address(document, (*path, "methods", method), contact["channel"], channels)

    def _check_entry(self, document: Document, name: str, entry: dict[str, Any], person: Person | None) -> None:
        """What somebody's entry names exists; read from what is written, so that broken entries are checked as well."""
        self._check_logins(document, name, [login for login in _items(entry.get("logins")) if isinstance(login, str)])
        backup = entry.get("backup")
        if backup == name:
            found = f"{name} is their own backup."
            self.problems.append(document.problem(("people", name, "backup"), found, "Name somebody else."))
        elif isinstance(backup, str):
            self._check_person(document, ("people", name, "backup"), backup)
        place = person.place if person is not None else ""
        country, _, subdivision = place.partition("-")
        if country and (wrong := unknown_place(country, subdivision or None)):
            self.problems.append(document.problem(("people", name, "place"), *wrong))

    def _reachable(self, document: Document, path: KeyPath, one: Reachable, channels: Channels) -> Reachable:
        """The person or vendor with their addresses filled in and checked."""
        methods = {}
        for method, contact in one.methods.items():
            below = (*path, "methods", method)
            address = self._address(document, below, contact.channel, channels)
            methods[method] = contact.model_copy(update={"address": address})
        return one.model_copy(update={"methods": methods})

    def _check_logins(self, document: Document, name: str, logins: list[str]) -> None:
        for n, login in enumerate(logins):
            other = self._logins.setdefault(login.strip().lower(), name)
            people = document.at(("people",))
            clash = other if other != name else login.strip().lower()
            if other != name or (clash in people and clash != name):
                found = f"The login {login!r} belongs to {clash} too."
                mend = "A login names one person: remove it from one of them."
                self.problems.append(document.problem(("people", name, "logins", n), found, mend))

    def _check_teams(self, document: Document) -> None:
        """Members exist; read from what is written, so that broken teams are checked as well."""
        teams = document.at(("teams",))
        for name in teams if isinstance(teams, dict) else ():
            self._check_members(document, ("teams", name, "members"))

    def _check_members(self, document: Document, path: KeyPath, *, twice: str = "warning") -> None:
        members = document.at(path)
        for n, member in enumerate(members if isinstance(members, list) else ()):
            if not isinstance(member, str):
                continue  # told by its model
            self._check_person(document, (*path, n), member)
            if twice and member in members[:n]:
                found = f"{member!r} is named twice."
                self.problems.append(document.problem((*path, n), found, "Once is enough.", level=twice))

    def _check_person(self, document: Document, path: KeyPath, name: str) -> None:
        if self.complete and name not in self.roster.people:
            known = sorted(set(self.roster.people) - {_STAND_IN})
            mend = f"{suggestion(name, known)}Known in people.yaml: {listed(known, most=8)}."
            self.problems.append(document.problem(path, f"There is no person {name!r}.", mend))

    def _read_schedule(self, document: Document, channels: Channels) -> None:
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
            schedule = parts.value.plain()
            if schedule.feed is not None:
                # Whoever knows the address of a calendar can read it: it may be kept in the environment.
                url, problems = channels.references.fill(document, ("feed", "url"))
                self.problems += problems
                feed = schedule.feed.model_copy(update={"url": str(url)})
                schedule = schedule.model_copy(update={"feed": feed})
            self.roster.schedules[name] = schedule

    def _check_schedule(self, document: Document) -> None:
        """Members, owner and those a feed speaks of exist; somebody may well take every other turn."""
        rotations: list[KeyPath] = [("rotation",)]
        for n, layer in enumerate(_items(document.at(("layers",)))):
            rotations.append(("layers", n, "rotation"))
            several = layer.get("rotations") if isinstance(layer, dict) else None
            rotations += [("layers", n, "rotations", m) for m, _ in enumerate(_items(several))]
        for path in rotations:
            members: KeyPath = (*path, "members")
            together = [(*members, n) for n, one in enumerate(_items(document.at(members))) if isinstance(one, list)]
            for place in (members, *together):
                self._check_members(document, place, twice="")
                self._check_reachable(document, place)
        names = document.at(("feed", "names"))
        for name, person in names.items() if isinstance(names, dict) else ():
            if isinstance(person, str):
                self._check_person(document, ("feed", "names", name), person)
        owner = document.at(("owner",))
        if isinstance(owner, str):
            self._check_person(document, ("owner",), owner)

    def _check_reachable(self, document: Document, path: KeyPath) -> None:
        """Whoever takes turns can be told."""
        for n, member in enumerate(_items(document.at(path))):
            person = self.roster.people.get(member) if isinstance(member, str) else None
            if person is not None and not person.methods:
                found = f"{member} has no contact method: in this turn nobody can be told."
                mend = "Give them one in people.yaml, or take them out."
                self.problems.append(document.problem((*path, n), found, mend, level="warning"))


def _items(value: Any) -> list[Any]:
    """A list as written; empty for anything else, of which its model tells."""
    return value if isinstance(value, list) else []
