"""The part of the doctor that looks at the calendar feeds of schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

from activities.feeds import looked_at_within
from configuration import load
from escalade.errors import ConfigurationError, StoreError
from escalade.people import Roster
from escalade.time.instants import format_instant
from store import FeedState, Store
from worker.registry import BrokenExtensionError, extensions
from worker.settings import Settings

Row = tuple[str, Literal["ok", "warning", "error"], str, str]

_NAMED: Final = 8


def examine_feeds(settings: Settings, env: Mapping[str, str], *, now: datetime) -> Iterator[Row]:
    """How the feeds of the configured schedules stand; nothing when there are none, or neither can be read.

    What is wrong with the configuration or the store is said by whoever looks at those.
    """
    try:
        found = extensions()
        roster = load(settings.config, env=env, channels=found.channels, steps=found.steps).roster
        if not any(schedule.feed is not None for schedule in roster.schedules.values()):
            return
        with Store.open(settings.store, migrate=False) as store:
            states = {state.schedule: state for state in store.feeds()}
    except (BrokenExtensionError, ConfigurationError, StoreError):
        return
    yield from _rows(roster, states, now)


def _rows(roster: Roster, states: Mapping[str, FeedState], now: datetime) -> Iterator[Row]:
    fed = {name: schedule.feed for name, schedule in roster.schedules.items() if schedule.feed is not None}
    fresh = 0
    for name, feed in fed.items():
        state = states.get(name)
        if state is None or state.fetched_at is None:
            why = state.problem if state is not None and state.problem else "no worker has read it yet"
            mend = "Nobody is on duty in it until then. Read it now: escalade oncall feeds --refresh"
            yield "feeds", "error", f"The feed of {name} was never read: {why.rstrip('.')}.", mend
            continue
        if stale := state.stale(now, within=looked_at_within(feed)):
            mend = "See how it stands with `escalade oncall feeds`; correct feed.url if its address has changed."
            says = f"The feed of {name} is stale, last read at {format_instant(state.fetched_at)}: {stale.rstrip('.')}."
            yield "feeds", "warning", says, mend
        else:
            fresh += 1
        if state.unknown:
            more = "" if len(state.unknown) <= _NAMED else ", …"
            says = f"The feed of {name} names people nobody knows: {', '.join(state.unknown[:_NAMED])}{more}."
            yield "feeds", "warning", says, "Say who they are under feed.names, or give them as logins in people.yaml."
    yield "feeds", "ok", f"{fresh} of {len(fed)} calendar feeds are fresh", ""
