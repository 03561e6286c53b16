"""Durations and instants: what people may write, and exactly what they are told otherwise."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalade.errors import DurationError, InstantError
from escalade.time import format_duration, format_instant, parse_duration, parse_instant
from escalade.time.durations import LONGEST

LENGTHS = st.timedeltas(min_value=timedelta(0), max_value=LONGEST)
INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(LENGTHS)
def test_a_duration_that_is_written_is_read_back_exactly(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length


@given(st.text(max_size=30) | st.from_regex(r"\d{1,400}(\.\d+)?[wdhms]( \d+[wdhms])?", fullmatch=True))
def test_any_text_is_a_duration_or_a_sentence(text: str) -> None:
    try:
        found = parse_duration(text)
    except DurationError as refused:
        found, sentence = timedelta(0), str(refused)
        assert len(sentence) < 250
    assert timedelta(0) <= found <= LONGEST


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("4h", 14400),
        ("2d", 172800),
        ("1w", 604800),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("0s", 0),
        ("1.5h", 5400),
        ("PT15M", 900),
        ("P1DT2H", 93600),
        ("P1W", 604800),
        ("pt0.5s", 0.5),
    ],
)
def test_these_are_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ("15", "'15' is not a duration. It has no unit. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        (15, "15 is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("", "'' is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("soon", "'soon' is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("5 minutes", "'5 minutes' is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("-5m", "'-5m' is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("P1M", "'P1M' is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("PT", "'PT' is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        ("2bd", "'2bd' counts business days. They need a calendar: write days (2d) or hours."),
        ("11000d", "'11000d' is longer than ten years. Write a shorter one."),
        (
            timedelta(seconds=-1),
            "datetime.timedelta(days=-1, seconds=86399) is negative. A duration here counts forward.",
        ),
        (None, "None is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
        (True, "True is not a duration. Write it like 90s, 5m, 1h30m, 2d or PT15M."),
    ],
)
def test_these_are_refused_with_what_to_write_instead(found: object, message: str) -> None:
    with pytest.raises(DurationError) as refused:
        parse_duration(found)
    assert str(refused.value) == message


def test_a_number_beyond_all_bounds_is_refused_like_any_other() -> None:
    with pytest.raises(DurationError, match="longer than ten years"):
        parse_duration("9" * 400 + "w")


@given(INSTANTS)
def test_an_instant_that_is_written_is_read_back_to_the_millisecond(instant: datetime) -> None:
    milliseconds = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert parse_instant(format_instant(instant)) == milliseconds


@given(st.text(max_size=40))
def test_any_text_is_an_instant_in_utc_or_a_sentence(text: str) -> None:
    with contextlib.suppress(InstantError):
        assert parse_instant(text).tzinfo is UTC


def test_an_instant_is_kept_in_utc_whatever_its_offset() -> None:
    expected = datetime(2026, 3, 1, 8, tzinfo=UTC)
    for text in ("2026-03-01T09:00:00+01:00", "2026-03-01T08:00Z", " 2026-03-01 03:00:00-05:00 "):
        assert parse_instant(text) == expected
    assert format_instant(expected.astimezone(timezone(timedelta(hours=9)))) == "2026-03-01T08:00:00Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-03-01T09:00", "'2026-03-01T09:00' names no time zone. Add an offset: Z, +01:00, …"),
        (
            "tomorrow",
            "'tomorrow' is not an instant. Write it like 2026-03-01T09:00:00+01:00 or 2026-03-01T08:00Z.",
        ),
        (
            "0001-01-01T00:00+14:00",
            "'0001-01-01T00:00+14:00' is not an instant. Write it like 2026-03-01T09:00:00+01:00 or 2026-03-01T08:00Z.",
        ),
    ],
)
def test_what_is_no_instant_is_refused_with_what_to_write_instead(text: str, message: str) -> None:
    with pytest.raises(InstantError) as refused:
        parse_instant(text)
    assert str(refused.value) == message
