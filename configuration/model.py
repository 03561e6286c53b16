"""A configuration that was checked as a whole and is good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import BaseModel

from configuration.files import WatchSpec
from escalade.errors import Problem
from escalade.maintenance.window import MaintenanceWindow
from escalade.people.roster import Roster
from escalade.policy.arming import calendars_named
from escalade.policy.compile import compile_policy
from escalade.policy.model import PolicySpec
from escalade.policy.pinned import PinnedPolicy
from escalade.policy.route import route
from escalade.ticket import Ticket
from escalade.time.calendar import CalendarSpec
from escalade.time.compile import MONTHS_AHEAD, compile_calendar, horizon
from escalade.time.pinned import PinnedCalendar

FURTHEST_BACK: Final = timedelta(days=3660)
"""How far before the usual horizon a calendar is worked out for a ticket that is dated back."""

_PinnedKey = tuple[str, tuple[tuple[str, str], ...], tuple[datetime, datetime] | None]


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
    _pinned: dict[_PinnedKey, PinnedPolicy] = field(default_factory=dict, repr=False, compare=False)

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

    def pinned(
        self,
        name: str,
        step_versions: Mapping[str, str] | None = None,
        *,
        at: datetime | None = None,
        since: datetime | None = None,
    ) -> PinnedPolicy:
        """A policy compiled, once for each set of step versions and each month.

        Args:
            name: the policy's.
            step_versions: the versions of the registered steps, by name.
            at: the instant it is pinned at, which its calendars are worked out around; needed where it has any.
            since: how far back they have to reach, where that is before the usual.

        Raises:
            KeyError: when there is no such policy.
        """
        spec = self.policy(name)
        if spec is None:
            raise KeyError(name)
        reach = horizon(at) if at is not None and any(calendars_named(spec)) else None
        if reach is not None and since is not None and since < reach[0]:
            reach = (max(since, reach[0] - FURTHEST_BACK), reach[1])
        key = (name, tuple(sorted((step_versions or {}).items())), reach)
        if key not in self._pinned:
            versions = dict(step_versions or {})
            pinned = compile_policy(
                spec, catch_all=self.catch_all, step_versions=versions, calendars=self.calendars, at=at, reach=reach
            )
            if since is not None and reach is not None and reach != horizon(at or since):
                return pinned  # one ticket's own: nobody else asks for it
            self._pinned[key] = pinned
        return self._pinned[key]

    def admit(
        self, ticket: Ticket, step_versions: Mapping[str, str] | None = None, *, at: datetime | None = None
    ) -> tuple[PinnedPolicy, str]:
        """The policy a ticket gets at an instant, ready to be pinned, and why that one."""
        name, why = route(self.policies, ticket, default=self.default_policy)
        since = ticket.opened_at if ticket.backdate else None
        return self.pinned(name, step_versions, at=at, since=since), why

    def extended(
        self, names: Iterable[str], *, at: datetime, since: datetime, months: int
    ) -> dict[str, PinnedCalendar]:
        """Calendars worked out further than they are pinned; those that are not configured any more are left out.

        Args:
            names: of the calendars.
            at: the instant.
            since: how far back they have to reach.
            months: how far ahead of the instant.
        """
        usual, _ = horizon(at)
        _, until = horizon(at + timedelta(days=30.5 * max(months - MONTHS_AHEAD, 0)))
        back = max(min(since, usual), usual - FURTHEST_BACK)
        known = {name: self.calendars[name] for name in names if name in self.calendars}
        return {name: compile_calendar(spec, since=back, until=until) for name, spec in known.items()}
