"""A configuration that was checked as a whole and is good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel

from configuration.files import WatchSpec
from escalade.errors import Problem
from escalade.maintenance.window import MaintenanceWindow
from escalade.people.roster import Roster
from escalade.policy.compile import compile_policy
from escalade.policy.model import PolicySpec
from escalade.policy.pinned import PinnedPolicy
from escalade.policy.route import route
from escalade.ticket import Ticket
from escalade.time.calendar import CalendarSpec


class ChannelConfig(NamedTuple):
    """A configured channel: its kind, and its settings with secrets filled in."""

    use: str
    settings: BaseModel


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything a configuration directory says. Nothing in it changes; a reload makes another one."""

    directory: Path
    digest: str
    """SHA-256 over what is written, comments and secrets left out: two workers that show the same one agree."""
    roster: Roster = field(repr=False)
    """Everybody, addresses filled in: they may hold secrets."""
    policies: tuple[PolicySpec, ...]
    """In file order, which is the order of routing."""
    default_policy: str
    catch_all_targets: tuple[str, ...]
    channels: Mapping[str, ChannelConfig] = field(repr=False)
    calendars: Mapping[str, CalendarSpec] = field(default_factory=dict)
    """By name; `escalade.time.compile.compile_calendar` makes of one what a ticket pins."""
    watch: WatchSpec = field(default_factory=WatchSpec, repr=False)
    """What looks after Escalade itself, its heartbeat address filled in."""
    windows: tuple[MaintenanceWindow, ...] = ()
    """The maintenance windows of `maintenance.yaml`."""
    login: str | None = None
    """Who acts at the command line when nobody else is known; an id or login of the roster."""
    warnings: tuple[Problem, ...] = ()
    """What is worth mending but refuses nothing."""
    _pinned: dict[tuple[str, tuple[tuple[str, str], ...]], PinnedPolicy] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", MappingProxyType(dict(self.channels)))
        object.__setattr__(self, "calendars", MappingProxyType(dict(self.calendars)))

    @property
    def catch_all(self) -> list[str]:
        """Who is told when a ladder ends, for policies that do not say it themselves."""
        return list(self.catch_all_targets)

    def policy(self, name: str) -> PolicySpec | None:
        """A policy by name."""
        return next((spec for spec in self.policies if spec.policy == name), None)

    def pinned(self, name: str, step_versions: Mapping[str, str] | None = None) -> PinnedPolicy:
        """A policy compiled, once for each set of step versions.

        Raises:
            KeyError: when there is no such policy.
        """
        key = (name, tuple(sorted((step_versions or {}).items())))
        if key not in self._pinned:
            spec = self.policy(name)
            if spec is None:
                raise KeyError(name)
            self._pinned[key] = compile_policy(spec, catch_all=self.catch_all, step_versions=dict(step_versions or {}))
        return self._pinned[key]

    def admit(self, ticket: Ticket, step_versions: Mapping[str, str] | None = None) -> tuple[PinnedPolicy, str]:
        """The policy a ticket gets, ready to be pinned, and why that one."""
        name, why = route(self.policies, ticket, default=self.default_policy)
        return self.pinned(name, step_versions), why
