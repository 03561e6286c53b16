"""When windows are open, and which tickets they concern."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from escalade.maintenance.pinned import Cover, PinnedWindow, Span, cover_at, covers, without_past
from escalade.maintenance.window import MaintenanceWindow, WindowSpec, pinned_windows
from escalade.ticket import Severity, Ticket

SHOP = {"match": {"service": "shop"}}
ALL = tuple(Severity)


def spec(**written: Any) -> WindowSpec:
    return WindowSpec.model_validate({**SHOP, **written})


def window(name: str = "patching", *, ended: tuple[datetime, ...] = (), **written: Any) -> MaintenanceWindow:
    return MaintenanceWindow(id=name, spec=spec(**written), source="command", ended=ended)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(spans: list[Span]) -> list[str]:
    return [f"{span.start:%m-%d %H:%M}–{span.end:%H:%M}" for span in spans]


def test_a_window_once_is_open_once() -> None:
    once = spec(start="2026-03-01T22:00+01:00", lasts="2h")
    assert once.spans(utc("2026-03-01")) == ([Span(start=utc("2026-03-01T21:00"), end=utc("2026-03-01T23:00"))], False)
    assert once.spans(utc("2026-03-01T23:00")) == ([], False)


def test_times_without_an_offset_are_on_the_wall_clock_of_the_zone() -> None:
    spans, _ = spec(zone="Europe/Paris", start="2026-07-01T22:00", end="2026-07-02T01:00").spans(utc("2026-03-01"))
    assert shown(spans) == ["07-01 20:00–23:00"]


def test_a_weekly_window_keeps_its_hours_across_a_clock_change() -> None:
    weekly = spec(zone="Europe/Paris", start="2026-03-01T01:00", lasts="3h", recurrence="FREQ=WEEKLY;BYDAY=SU")
    spans, more = weekly.spans(utc("2026-03-15"), most=3)
    # On 29 March the clock jumps from 02:00 to 03:00: the night is an hour shorter.
    assert shown(spans) == ["03-15 00:00–03:00", "03-22 00:00–03:00", "03-29 00:00–02:00"]
    assert more
    spans, _ = weekly.spans(utc("2026-10-25T02:00"), most=2)
    assert shown(spans) == ["10-24 23:00–03:00", "11-01 00:00–03:00"]


def test_an_opening_that_a_clock_change_swallows_is_none() -> None:
    daily = spec(zone="Europe/Paris", start="2026-03-28T02:10", lasts="20m", recurrence="FREQ=DAILY")
    spans, _ = daily.spans(utc("2026-03-28"), most=2)
    assert shown(spans) == ["03-28 01:10–01:30", "03-30 00:10–00:30"]


def test_count_and_until_of_a_rule_end_it() -> None:
    thrice = spec(start="2026-03-01T01:00", lasts="1h", recurrence="FREQ=DAILY;COUNT=3")
    assert thrice.spans(utc("2026-03-02T12:00")) == (
        [Span(start=utc("2026-03-03T01:00"), end=utc("2026-03-03T02:00"))],
        False,
    )
    until = spec(
        zone="Europe/Paris", start="2026-03-01T01:00", lasts="1h", recurrence="RRULE:FREQ=DAILY;UNTIL=20260303T000000Z"
    )
    # The end of the rule is an instant: 01:00 in Paris on the third is exactly it.
    assert shown(until.spans(utc("2026-03-01"))[0]) == ["03-01 00:00–01:00", "03-02 00:00–01:00", "03-03 00:00–01:00"]


def test_a_rule_may_count_as_far_as_it_likes() -> None:
    spans, _ = spec(start="2026-03-01T01:00", lasts="1h", recurrence="FREQ=DAILY;COUNT=2000").spans(utc("2031-08-21"))
    assert shown(spans) == ["08-21 01:00–02:00"]


def test_years_later_a_rule_is_still_quick_and_right() -> None:
    daily = spec(zone="America/New_York", start="2016-01-01T03:00", lasts="1h", recurrence="FREQ=DAILY")
    spans, _ = daily.spans(utc("2026-07-01T07:30"), most=1)
    assert spans == [Span(start=utc("2026-07-01T07:00"), end=utc("2026-07-01T08:00"))]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"start": "2026-03-01T01:00"}, "Give `end` or `lasts`"),
        ({"start": "2026-03-01T01:00", "end": "2026-03-01T02:00", "lasts": "1h"}, "Give `end` or `lasts`"),
        ({"start": "2026-03-01T01:00", "end": "2026-03-01T00:00"}, "ends before it begins"),
        ({"start": "2026-03-01T01:00", "lasts": "32d"}, "more than 31 days"),
        ({"start": 9, "lasts": "1h"}, "no date and time"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=HOURLY"}, "FREQ of YEARLY"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=WEEKLY;BYDAY=XX"}, "BYDAY=XX cannot be read"),
        (
            {"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=DAILY;COLOUR=1"},
            "'COLOUR' is no part of a rule",
        ),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=DAILY;INTERVAL=0"}, "INTERVAL=0 is none"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=DAILY;INTERVAL=1001"}, "from 1 to 1000"),
        (
            {"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=DAILY;BYDAY="},
            "BYDAY of its rule has no value",
        ),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=DAILY;COUNT=0"}, "COUNT=0 is none"),
        ({"start": "2026-03-01T01:00", "lasts": "0h"}, "ends before it begins, or with it"),
        (
            {"start": "2026-03-01T01:00", "lasts": "1h", "match": {"service": " "}},
            "`service` of `match` has an empty value",
        ),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "except_severity": list(Severity)}, "covers no ticket"),
        (
            {"start": "2026-03-01T01:00", "lasts": "1h", "match": {"severity": "sev1"}, "except_severity": "sev1"},
            "covers no ticket",
        ),
        (
            {"start": "2026-03-29T02:15", "end": "2026-03-29T02:45", "zone": "Europe/Paris"},
            "an hour that the clocks skip",
        ),
        ({"start": "2026-03-01T01:00", "everything": True}, "and `match`. It has no end; "),
        ({"start": "2026-03-01T01:00", "lasts": "25h", "recurrence": "FREQ=DAILY"}, "before it has closed"),
        (
            {"start": "2026-03-01T01:00", "lasts": "1h", "recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
            "never opens",
        ),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "everything": True}, "not both"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "match": []}, "which tickets"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "match": {}}, "would take every ticket"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "zone": "Mars/Base"}, "IANA"),
        ({"start": "2026-03-01T01:00", "lasts": "1h", "service": "shop"}, "Extra inputs"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_the_reason(written: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        spec(**written)


def test_a_window_concerns_the_tickets_that_match_and_spares_the_severities_it_names() -> None:
    written: dict[str, Any] = {
        "start": "2026-03-01T01:00",
        "lasts": "1h",
        "match": [{"service": "shop", "severity": ["sev2", "sev3"]}, {"labels": {"host": "db-1"}}],
        "except_severity": "sev1",
    }
    assert spec(**written).severities(Ticket(service="shop")) == (Severity.SEV2, Severity.SEV3)
    by_label = spec(**written).severities(Ticket(labels={"host": "db-1"}, severity=Severity.SEV1))
    assert by_label == (Severity.SEV2, Severity.SEV3, Severity.SEV4, Severity.SEV5)
    assert spec(**written).severities(Ticket(service="mail")) == ()


def test_everything_is_everything_but_the_canary() -> None:
    whole = WindowSpec.model_validate({"everything": True, "start": "2026-03-01T01:00", "lasts": "1h"})
    assert whole.severities(Ticket()) == ALL
    assert whole.severities(Ticket(source="escalade-canary")) == ()
    named = spec(match={"source": "escalade-canary"}, start="2026-03-01T01:00", lasts="1h")
    assert named.severities(Ticket(source="escalade-canary")) == ALL


def test_an_opening_ended_early_is_over_and_the_next_one_is_not() -> None:
    ended = (utc("2026-03-01T01:20"),)
    daily = window(start="2026-03-01T01:00", lasts="1h", recurrence="FREQ=DAILY", ended=ended)
    assert shown(daily.spans(utc("2026-03-01T01:10"), most=2)[0]) == ["03-01 01:00–01:20", "03-02 01:00–02:00"]
    assert shown(daily.spans(utc("2026-03-01T01:20"), most=2)[0]) == ["03-02 01:00–02:00"]
    once = window(start="2026-03-01T01:00", lasts="1h", ended=ended)
    assert not once.is_over(utc("2026-03-01T01:19"))
    assert once.is_over(utc("2026-03-01T01:20"))
    assert once.version != window(start="2026-03-01T01:00", lasts="1h").version


def test_a_ticket_keeps_the_next_openings_and_knows_that_there_are_more() -> None:
    daily = window(start="2026-03-01T01:00", lasts="1h", recurrence="FREQ=DAILY")
    ticket = Ticket(service="shop")
    (kept,) = pinned_windows([daily, window("other", start="2020-01-01", lasts="1h")], ticket, utc("2026-03-05"))
    assert (kept.id, kept.more, len(kept.spans)) == ("patching", True, 20)
    assert kept.spans[0].start == utc("2026-03-05T01:00")
    assert len(kept.model_dump_json()) < 2500
    assert pinned_windows([daily], Ticket(service="mail"), utc("2026-03-05")) == []


def pin(name: str, *spans: tuple[int, int], severities: tuple[Severity, ...] = ALL, more: bool = False) -> PinnedWindow:
    day = utc("2026-03-01")
    hours = tuple(Span(start=day + timedelta(hours=a), end=day + timedelta(hours=b)) for a, b in spans)
    return PinnedWindow(id=name, severities=severities, spans=hours, more=more)


def hour(n: float) -> datetime:
    return utc("2026-03-01") + timedelta(hours=n)


def test_windows_that_overlap_or_touch_cover_as_one() -> None:
    a, b, c = pin("a", (1, 3)), pin("b", (3, 4), (2, 3)), pin("c", (6, 7))
    assert covers([a, b, c], Severity.SEV1) == [Cover(hour(1), hour(4), [a, b]), Cover(hour(6), hour(7), [c])]
    assert cover_at([a, b, c], Severity.SEV1, hour(4)) is None
    spared = pin("a", (1, 3), severities=(Severity.SEV5,))
    assert cover_at([spared], Severity.SEV1, hour(2)) is None


def test_what_is_over_is_forgotten_unless_more_is_to_come() -> None:
    a, b = pin("a", (1, 3), (5, 6)), pin("b", (1, 2), more=True)
    assert without_past([a, b, pin("c", (1, 2))], hour(3)) == [pin("a", (5, 6)), pin("b", more=True)]


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
    minute=st.integers(0, 2 * 365 * 24 * 60),
    lasts=st.integers(1, 23 * 60),
    every=st.integers(1, 9),
    after=st.integers(-10, 400 * 24),
)
def test_the_spans_are_those_a_calendar_on_the_wall_would_give(
    zone: str, minute: int, lasts: int, every: int, after: int
) -> None:
    """Against a walk day by day that knows nothing of rules."""
    start = (utc("2025-01-01") + timedelta(minutes=minute)).replace(tzinfo=None)
    made = spec(zone=zone, start=start.isoformat(), lasts=f"{lasts}m", recurrence=f"FREQ=DAILY;INTERVAL={every}")
    since = start.replace(tzinfo=UTC) + timedelta(hours=after)
    found, more = made.spans(since, most=5)
    here = ZoneInfo(zone)
    walked = []
    for n in range(0, 600 * every, every):
        local = start + timedelta(days=n)
        opens, closes = (_exists(at, here) for at in (local, local + timedelta(minutes=lasts)))
        if closes > max(opens, since):
            walked.append(Span(start=opens, end=closes))
        if len(walked) == 5:
            break
    assert (found, more) == (walked, True)


def _exists(local: datetime, zone: ZoneInfo) -> datetime:
    """The first existing instant at or after a wall-clock time, minute by minute."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    before = local
    while before.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != before:
        before -= timedelta(minutes=1)
    return before.replace(tzinfo=zone).astimezone(UTC) + timedelta(minutes=1)


def test_a_rule_past_the_end_of_the_calendar_is_refused_each_time_it_is_read() -> None:
    for _ in range(2):
        with pytest.raises(ValidationError):
            spec(everything=True, start="9999-12-31T23:59", lasts="2h", recurrence="FREQ=WEEKLY;BYDAY=SU")
