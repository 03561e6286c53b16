"""Clocks and calendars of a policy: how they are pinned, and what they cannot be armed with."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

from escalade.errors import EscaladeError
from escalade.people.roster import Roster, parse_target
from escalade.policy.clocks import BREACH, NEXT, PEOPLE_WORDS, ActionSpec, ClockSpec, FirstResponseSpec, UpdateSpec
from escalade.policy.model import PolicySpec, TierSpec
from escalade.policy.pinned import PinnedAction, PinnedClock
from escalade.ticket import Severity
from escalade.time.budgets import Budget, doubtful_days
from escalade.time.calendar import CalendarSpec
from escalade.time.compile import compile_calendar, horizon
from escalade.time.durations import NEVER
from escalade.time.pinned import PinnedCalendar

ALWAYS: Final = "always"
"""The word for no calendar, where a tier does not want that of its policy."""

Complaint = tuple[tuple[str | int, ...], str, str]
OWNER_OR_TIER: Final = PinnedAction(do="notify", whom=["owner"])
EVERYBODY: Final = PinnedAction(do="notify", whom=["owner", "followers"])


def calendar_of(tier: TierSpec, spec: PolicySpec) -> str:
    """The name of the calendar a tier works by; empty is around the clock."""
    name = tier.calendar if tier.calendar is not None else spec.calendar
    return "" if name in (None, ALWAYS) else str(name)


def woken(tier: TierSpec, spec: PolicySpec) -> list[Severity]:
    """The severities for which a tier is paged at any hour."""
    return tier.wake if tier.wake is not None else spec.wake


def clocks_of(spec: PolicySpec) -> Iterator[tuple[str, tuple[str | int, ...], ClockSpec]]:
    """Every clock that is written: its name, where it is, and itself."""
    for name in ("first_response", "update", "resolution"):
        clock = getattr(spec.clocks, name)
        if clock is not None:
            yield name, ("clocks", name), clock
    for n, tier in enumerate(spec.tiers):
        if tier.clock is not None:
            yield f"tier {tier.name}", ("tiers", n, "clock"), tier.clock


def calendars_named(spec: PolicySpec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every calendar a policy names, and where."""
    if spec.calendar not in (None, ALWAYS):
        yield ("calendar",), str(spec.calendar)
    for n, tier in enumerate(spec.tiers):
        if tier.calendar not in (None, ALWAYS):
            yield ("tiers", n, "calendar"), str(tier.calendar)
    for _, path, clock in clocks_of(spec):
        if clock.calendar not in (None, ALWAYS):
            yield (*path, "calendar"), str(clock.calendar)


# -- pinning ----------------------------------------------------------------------------------------------------------


def pin_clock(clock: ClockSpec) -> PinnedClock:
    """A clock with every severity and threshold spelled out."""
    written = clock.every if isinstance(clock, UpdateSpec) and clock.every else clock.target
    thresholds = {text: [OWNER_OR_TIER] for text in clock.warn_at}
    thresholds.setdefault(BREACH, [EVERYBODY])
    for text, actions in clock.on.items():
        thresholds[text] = [_pin_action(action) for action in actions]
    return PinnedClock(
        calendar="" if clock.calendar in (None, ALWAYS) else str(clock.calendar),
        targets=_spelled(written),
        customers={name: _spelled({**written, **table}) for name, table in clock.customers.items()},
        pause_on=list(clock.pause_on),
        thresholds=thresholds,
        boundary=clock.boundary,
        end_of_day=clock.end_of_day,
        stops_on=list(clock.stops_on) if isinstance(clock, FirstResponseSpec) else [],
        rhythm=isinstance(clock, UpdateSpec) and bool(clock.every),
        opening_counts=isinstance(clock, UpdateSpec) and clock.opening_counts,
    )


def _spelled(table: Mapping[Any, Any]) -> dict[Severity, Budget]:
    found = {}
    for severity in Severity:
        promise = table.get(severity.value, table.get("default"))
        if isinstance(promise, Budget):
            found[severity] = promise
    return found


def _pin_action(action: ActionSpec) -> PinnedAction:
    if action.notify is not None:
        return PinnedAction(do="notify", whom=action.notify)
    if action.ask_owner is not None:
        return PinnedAction(do="ask_owner", whom=["owner"], to=action.ask_owner)
    if action.raise_severity is not None:
        return PinnedAction(do="raise_severity", to=action.raise_severity.value)
    return PinnedAction(do="climb", to=str(action.climb))


def pin_calendars(
    spec: PolicySpec, calendars: Mapping[str, CalendarSpec], *, since: datetime, until: datetime
) -> dict[str, PinnedCalendar]:
    """Every calendar a policy names, for a horizon."""
    names = dict.fromkeys(name for _, name in calendars_named(spec))
    return {name: _compiled(_Spec(calendars[name]), since, until) for name in names}


class _Spec:
    """A calendar as written; equal to another that says the same."""

    def __init__(self, spec: CalendarSpec) -> None:
        self.spec = spec
        self._said = spec.model_dump_json(by_alias=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Spec) and other._said == self._said

    def __hash__(self) -> int:
        return hash(self._said)


@functools.lru_cache(maxsize=128)
def _compiled(spec: _Spec, since: datetime, until: datetime) -> PinnedCalendar:
    return compile_calendar(spec.spec, since=since, until=until)


# -- what cannot be armed ---------------------------------------------------------------------------------------------


def arming_complaints(
    spec: PolicySpec, roster: Roster, calendars: Mapping[str, CalendarSpec] | None, at: datetime | None
) -> list[Complaint]:
    """What the clocks and calendars of a policy cannot be loaded with.

    Args:
        spec: the policy as written.
        roster: everybody an action may name.
        calendars: every calendar there is; None while that is not known.
        at: the instant of loading: a calendar has to be open some time after it; None leaves that out.
    """
    found: list[Complaint] = []
    if calendars is not None:
        found += _calendar_complaints(spec, calendars, at)
    for n, tier in enumerate(spec.tiers):
        found += _day_complaints(tier, n, spec)
    for name, path, clock in clocks_of(spec):
        found += _clock_complaints(name, path, clock, spec, roster)
    return found


def _calendar_complaints(
    spec: PolicySpec, calendars: Mapping[str, CalendarSpec], at: datetime | None
) -> Iterator[Complaint]:
    broken: set[str] = set()
    for path, name in calendars_named(spec):
        if name not in calendars:
            close = get_close_matches(name, calendars, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            known = ", ".join(sorted(calendars)) or "none"
            yield path, f"There is no calendar {name!r}.", f"{hint}Known in calendars/: {known}."
        elif at is not None and name not in broken:
            since, until = horizon(at)
            try:
                _compiled(_Spec(calendars[name]), since, until)
            except EscaladeError as error:
                broken.add(name)
                yield path, f"A clock cannot be armed with {name!r}: {error.message}", error.mend or "Give it hours."


_LENGTHS: Final = ("acknowledge_within", "repeat_every", "resolve_within", "acknowledgement_lasts")


def _day_complaints(tier: TierSpec, n: int, spec: PolicySpec) -> Iterator[Complaint]:
    """Business days need a calendar, for every severity that uses them."""
    name, awake = calendar_of(tier, spec), woken(tier, spec)
    for key in _LENGTHS:
        table = getattr(tier, key)
        in_days = [s for s in Severity if isinstance(table.get(s.value, table.get("default")), Budget)]
        if in_days and not name:
            yield ("tiers", n, key), "Business days need a calendar.", "Give the tier or the policy a `calendar:`."
        elif lost := [s.value for s in in_days if s in awake]:
            what = f"{', '.join(lost)} would be counted around the clock (`wake`), where there are no business days."
            yield ("tiers", n, key), what, "Give these severities a duration of their own."


def _clock_complaints(
    name: str, path: tuple[str | int, ...], clock: ClockSpec, spec: PolicySpec, roster: Roster
) -> Iterator[Complaint]:
    key = "every" if isinstance(clock, UpdateSpec) and clock.every else "target"
    written = getattr(clock, key)
    missing = [s.value for s in Severity if written.get(s.value, written.get("default")) is None]
    if missing:
        what = f"The clock {name} has no {key} for {', '.join(missing)}."
        yield (*path, key), what, "Add `default:` or the missing ones; `never` says that nothing is promised."
    for where, table in [(key, written), *((f"customers.{tier}", t) for tier, t in clock.customers.items())]:
        at = (*path, *where.split(".", 1))
        promises = [promise for promise in table.values() if promise != NEVER]
        if any(p.empty or p.negative for p in promises):
            yield at, "A target is longer than nothing.", "Give at least 1s; `never` says that nothing is promised."
        if clock.calendar in (None, ALWAYS) and any(p.days for p in promises):
            yield at, "Business days need a calendar.", "Give the clock a `calendar:`, or write days (2d)."
    if clock.calendar in (None, ALWAYS):
        for text in [*clock.warn_at, *clock.on]:
            if text.endswith("bd"):
                yield (*path, "warn_at"), f"{text} counts business days, and the clock has no calendar.", "Write 1d."
    names = [tier.name for tier in spec.tiers]
    for text, actions in clock.on.items():
        for n, action in enumerate(actions):
            yield from _action_complaints((*path, "on", text, n), action, names, roster)


def _action_complaints(
    path: tuple[str | int, ...], action: ActionSpec, tiers: list[str], roster: Roster
) -> Iterator[Complaint]:
    if action.climb is not None and action.climb not in (*tiers, NEXT):
        yield path, f"{action.climb!r} is no tier here.", f"Name one of: {', '.join(dict.fromkeys(tiers))}, or next."
    for k, text in enumerate(action.notify or []):
        target = None if text in PEOPLE_WORDS else parse_target(text)
        if target is not None and not roster.has(target):
            known = ", ".join(roster.names(target.kind)[:8]) or "none"
            yield (*path, "notify", k), f"There is no {target.kind} {target.id!r}.", f"Known: {known}."


def doubts(spec: PolicySpec) -> Iterator[Complaint]:
    """`d` in a business calendar: probably business days were meant (decision 23). A warning, no error."""
    mend = "Did you mean bd? `2d` is 48 hours of open time, `2bd` is two business days."
    for n, tier in enumerate(spec.tiers):
        if calendar_of(tier, spec):
            for key in _LENGTHS:
                table = getattr(tier, key)
                if any(_whole_days(length) for length in table.values()):
                    yield ("tiers", n, key), f"{key} counts days (d) in the calendar {calendar_of(tier, spec)}.", mend
    for _, path, clock in clocks_of(spec):
        if clock.calendar in (None, ALWAYS):
            continue
        tables = [("target", clock.target), *((f"customers.{tier}", t) for tier, t in clock.customers.items())]
        if isinstance(clock, UpdateSpec):
            tables.append(("every", clock.every))
        for where, table in tables:
            if any(isinstance(p, Budget) and doubtful_days(p, around_the_clock=False) for p in table.values()):
                what = f"{where} counts days (d) in the calendar {clock.calendar}."
                yield (*path, *where.split(".", 1)), what, mend


def _whole_days(length: object) -> bool:
    day = timedelta(days=1)
    return isinstance(length, timedelta) and length >= day and length % day == timedelta(0)
