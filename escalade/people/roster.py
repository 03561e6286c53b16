"""The roster: people, teams, vendors, schedules and shared channels, as configured."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema, model_validator

from escalade.people.capacity import Capacity
from escalade.people.schedule import Schedule
from escalade.time.durations import Duration
from escalade.time.zones import Zone
from escalade.written import Identifier, Written

TargetKind = Literal["person", "team", "schedule", "vendor", "channel"]
TARGET_KINDS: tuple[TargetKind, ...] = ("person", "team", "schedule", "vendor", "channel")


class Target(NamedTuple):
    """Whom a tier pages: `person:ana`, `team:sre`, `schedule:payments`, `vendor:acme`, `channel:incident`."""

    kind: TargetKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def parse_target(text: str) -> Target:
    """Read `kind:id`.

    Raises:
        ValueError: when the kind is unknown or the id is missing.
    """
    kind, colon, name = text.strip().partition(":")
    if not colon or not name or kind not in TARGET_KINDS:
        raise ValueError(f"{text!r} names nobody; write person:, team:, schedule:, vendor: or channel: and a name")
    return Target(kind, name)


class ContactMethod(Written):
    """One way to reach somebody: a channel and the address there."""

    channel: Identifier
    """A channel of escalade.yaml."""
    address: str = Field("", max_length=2048)
    """Where to, in the channel's own form: an e-mail address, a number, a URL."""


class ContactRule(Written):
    """Use a method, so long after the person's first page, unless acknowledged by then."""

    use: Identifier
    """One of the methods above."""
    after: Duration = timedelta(0)
    """So long after the first page in a visit of a tier; at once without it."""


class Reachable(Written):
    """Somebody with contact methods and rules."""

    name: str = Field("", max_length=128)
    """What people call them."""
    language: Literal["en", "fr"] = "en"
    """The language of the messages they get."""
    methods: dict[Identifier, ContactMethod] = Field(default_factory=dict)
    """In order of preference: the fallback of a method that fails is the next one."""
    rules: list[ContactRule] = Field(default_factory=list)
    """Empty means: the first method, at once."""

    @model_validator(mode="after")
    def _rules_name_methods(self) -> Reachable:
        for rule in self.rules:
            if rule.use not in self.methods:
                known = ", ".join(self.methods) or "none"
                raise ValueError(f"rule uses {rule.use!r}, which is no method here; name one of: {known}")
        return self

    @model_validator(mode="after")
    def _some_rule_is_at_once(self) -> Reachable:
        if self.rules and all(rule.after > timedelta(0) for rule in self.rules):
            raise ValueError("no rule pages at once; give one of them no `after`")
        return self

    def contact_rules(self) -> list[ContactRule]:
        """The rules that apply, earliest first."""
        if self.rules:
            return sorted(self.rules, key=lambda rule: rule.after)
        return [ContactRule(use=name) for name in list(self.methods)[:1]]


_PLACE: Final = re.compile(r"^([A-Z]{2}(-[A-Z0-9]{1,5})?)?$")


def _place(text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no country, nor a part of one; write ISO 3166 codes, like FR or DE-BY")
    return text


class Person(Reachable):
    """A person who can be paged and can act."""

    logins: list[str] = Field(default_factory=list)
    """What this person is called elsewhere: operating-system login, email, chat name."""
    time_zone: Zone = "UTC"
    """Where they live: decides what is night."""
    capacity: Capacity = Capacity()
    """How much they are asked; what it leaves out is as for everybody."""
    backup: Identifier | None = None
    """The person who is paged instead when this one is over a limit and their schedule has nobody else."""
    place: Annotated[str, AfterValidator(_place), WithJsonSchema({"type": "string", "pattern": _PLACE.pattern})] = ""
    """The country whose public holidays they have, with a subdivision where that matters: `FR`, `DE-BY`."""


class Vendor(Reachable):
    """A supplier: reachable like a person, but acts only through somebody of ours."""


class ChannelTarget(Written):
    """A shared place (a chat room, a ticket queue) that can be told things, and be a catch-all."""

    channel: Identifier
    """A channel of escalade.yaml."""
    address: str = Field("", max_length=2048)
    """Where to, in the channel's own form: a room, an address, a URL."""
    language: Literal["en", "fr"] = "en"
    """The language of the messages it gets."""


class Team(Written):
    """People who answer together."""

    name: str = Field("", max_length=128)
    """What people call it."""
    members: list[Identifier] = Field(min_length=1)
    """Persons of people.yaml, in order."""


class Roster(BaseModel):
    """Everybody and every place that can be told something."""

    people: dict[str, Person] = Field(default_factory=dict)
    teams: dict[str, Team] = Field(default_factory=dict)
    vendors: dict[str, Vendor] = Field(default_factory=dict)
    schedules: dict[str, Schedule] = Field(default_factory=dict)
    channels: dict[str, ChannelTarget] = Field(default_factory=dict)
    capacity: Capacity = Capacity()
    """How much a person is asked who says nothing else."""

    def capacity_of(self, target: str) -> Capacity:
        """How much somebody is asked; without any limit for all who are no persons."""
        kind, _, name = target.partition(":")
        person = self.people.get(name) if kind == "person" else None
        return person.capacity.under(self.capacity) if person is not None else Capacity()

    def stand_ins(self, target: str, over: str) -> list[str]:
        """Who takes over from somebody who is over a limit, in order.

        In a schedule: the others of their layer, the next in turn first; then the layers below, then those above.
        For a person: their backup.

        Args:
            target: what the round names: `schedule:x`, `person:ana`.
            over: who of it is over, `person:ana`.
        """
        kind, _, name = target.partition(":")
        if kind == "schedule" and (schedule := self.schedules.get(name)) is not None:
            return [f"person:{one}" for one in schedule.others(over.removeprefix("person:"))]
        if kind == "person" and (person := self.people.get(name)) is not None and person.backup is not None:
            return [f"person:{person.backup}"]
        return []

    def names(self, kind: TargetKind) -> list[str]:
        """What exists of a kind."""
        book: dict[TargetKind, dict[str, Any]] = {
            "person": self.people,
            "team": self.teams,
            "vendor": self.vendors,
            "schedule": self.schedules,
            "channel": self.channels,
        }
        return list(book[kind])

    def has(self, target: Target) -> bool:
        """Whether the target exists."""
        return target.id in self.names(target.kind)

    def contact(self, target: Target) -> Reachable | None:
        """How a person, vendor or channel is reached; None for groups and the unknown."""
        match target.kind:
            case "person":
                return self.people.get(target.id)
            case "vendor":
                return self.vendors.get(target.id)
            case "channel" if place := self.channels.get(target.id):
                method = ContactMethod(channel=place.channel, address=place.address)
                return Reachable(name=target.id, language=place.language, methods={place.channel: method})
            case _:
                return None

    def deliverable(self, target: Target) -> bool:
        """Whether telling this target would reach somebody at any instant, whoever is on duty."""
        match target.kind:
            case "team":
                team = self.teams.get(target.id)
                return team is not None and any(self.deliverable(Target("person", m)) for m in team.members)
            case "schedule":
                schedule = self.schedules.get(target.id)
                members = schedule.members() if schedule and schedule.always_covered else []
                return bool(members) and all(self.deliverable(Target("person", m)) for m in members)
            case _:
                contact = self.contact(target)
                return contact is not None and bool(contact.methods)

    def reachable(self, target: Target) -> bool:
        """Whether telling this target can reach somebody at some instant."""
        schedule = self.schedules.get(target.id) if target.kind == "schedule" else None
        if schedule is None:
            return self.deliverable(target)
        return schedule.feed is not None or any(self.deliverable(Target("person", m)) for m in schedule.members())

    def person_of(self, login: str) -> str | None:
        """The person behind an id, login, email or chat name; None when nobody or more than one matches."""
        wanted = login.strip().lower()
        if wanted in self.people:
            return wanted
        found = [pid for pid, p in self.people.items() if wanted in (name.lower() for name in p.logins)]
        return found[0] if len(found) == 1 else None
