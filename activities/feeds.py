"""Keeping the calendar feeds of schedules fresh: fetched on a rhythm, and stale rather than gone when one fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from activities.ical import FeedError, FeedReading, Names, read_feed
from activities.ical.fetching import Client, client, fetch, source_digest
from configuration import Configuration
from escalade.messages.feeds import FeedsReport
from escalade.people.schedule import Feed, Schedule
from escalade.ticket import Actor
from store import FeedState, Store

_log = logging.getLogger(__name__)

BEHIND: Final = timedelta(days=92)
"""So much of the past is read when a feed is read for the first time."""
AHEAD: Final = timedelta(days=400)
"""How far ahead rules are followed."""
_SLACK: Final = timedelta(seconds=30)
"""Looks come on a rhythm of their own: one that comes a moment early is not sent away."""
_FAILED_AGAIN: Final = timedelta(minutes=15)
"""A feed that failed is looked at again so soon, however rarely it is read otherwise."""
_AT_ONCE: Final = 8
_READ_WITHIN: Final = 30.0


def looked_at_within(feed: Feed) -> timedelta:
    """How long ago a feed was looked at, at most, while workers run: two of its rhythms, at least half an hour."""
    return max(2 * feed.refresh, timedelta(minutes=30))


async def refresh_feeds(
    configuration: Configuration,
    store: Store,
    *,
    now: Callable[[], datetime],
    only: str | None = None,
    accepted_by: Actor | None = None,
    http: Client = client,
) -> FeedsReport:
    """Read the feeds that are due.

    Args:
        configuration: the schedules, and the people that feeds name.
        store: where what they say is kept.
        now: the clock.
        only: this schedule, due or not.
        accepted_by: who wants it taken as it is, whoever it leaves on duty.
        http: makes the client.

    Returns:
        What was read. A feed that fails leaves what it last said in force, and one that falls silent leaves whoever
        is on duty on duty: `escalade.people.feeds`.
    """
    fed = {name: one for name, one in configuration.roster.schedules.items() if one.feed is not None}
    known = {state.schedule: state for state in await asyncio.to_thread(store.feeds)}
    due = [name for name, one in fed.items() if name == only or (only is None and _due(one, known.get(name), now()))]
    slots = asyncio.Semaphore(_AT_ONCE)
    report = FeedsReport(looked_at=due)

    async def one(name: str) -> None:
        async with slots:
            state, reading = await _look(configuration, store, name, now(), http)
        kept = await asyncio.to_thread(
            store.keep_feed,
            state,
            reading.shifts if reading else None,
            cancelled=reading.cancelled if reading else (),
            unreadable=reading.unreadable if reading else (),
            known=configuration.roster.people.keys(),
            accepted_by=accepted_by,
        )
        if kept.moved:
            report.changed.append(name)
        if kept.problem:
            report.failed[name] = kept.problem
            _log.warning("The feed of the schedule %s is not as it should be: %s", name, kept.problem)
        for unreadable in reading.unreadable if reading else ():
            _log.warning("The feed of the schedule %s has an event that is left out: %s", name, unreadable)

    await asyncio.gather(*(one(name) for name in due))
    report.changed.sort()
    return report


def _due(schedule: Schedule, state: FeedState | None, now: datetime) -> bool:
    assert schedule.feed is not None
    if state is None or state.source != source_digest(schedule.feed.url):
        return True
    rhythm = min(schedule.feed.refresh, _FAILED_AGAIN) if state.problem else schedule.feed.refresh
    return now - state.checked_at >= rhythm - _SLACK


async def _look(
    configuration: Configuration, store: Store, name: str, now: datetime, http: Client
) -> tuple[FeedState, FeedReading | None]:
    schedule = configuration.roster.schedules[name]
    assert schedule.feed is not None
    source = source_digest(schedule.feed.url)
    known = await asyncio.to_thread(store.feed, name)
    before = replace(known or FeedState(schedule=name, source=source, checked_at=now), checked_at=now)
    # What another feed said, or one without a text, says nothing that "not modified" could mean.
    same = before.source == source and before.text is not None
    etag, modified = (before.etag, before.modified) if same else ("", "")
    names = Names(configuration.roster, schedule.feed.names)
    try:
        got = await fetch(schedule.feed.url, configuration.directory, etag=etag, modified=modified, http=http)
        text = got.text if got.text is not None else before.text or b""
        since, until = now - BEHIND, now + AHEAD
        reading = await asyncio.wait_for(
            asyncio.to_thread(read_feed, text, zone=schedule.tzinfo, names=names, since=since, until=until),
            _READ_WITHIN,
        )
    except FeedError as error:
        return replace(before, problem=error.message), None
    except TimeoutError:
        return replace(before, problem=f"Its rules could not be followed within {_READ_WITHIN:g} s."), None
    fresh = FeedState(
        schedule=name,
        source=source,
        checked_at=now,
        fetched_at=now,
        etag=got.etag,
        modified=got.modified,
        unknown=reading.unknown,
        text=text,
    )
    return fresh, reading
