"""Clocks and calendars that a policy cannot be loaded with, each told with what was found and how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from escalade.policy.arming import doubts
from escalade.policy.clocks import read_threshold
from escalade.policy.compile import compile_policy, complaints
from escalade.policy.model import PolicySpec
from escalade.testing import roster, written_calendars
from escalade.ticket import Severity

AT = datetime(2026, 3, 2, tzinfo=UTC)
CALENDARS = written_calendars(
    {
        "office": {"zone": "Europe/Paris", "hours": {"monday-friday": "09:00-18:00"}},
        "shut": {
            "zone": "UTC",
            "hours": {"monday": "09:00-18:00"},
            "holidays": [{"from": "2000-01-01", "to": "2100-01-01"}],
        },
    }
)
TIER: dict[str, Any] = {"name": "one", "page": ["person:ana"], "acknowledge_within": "30m"}


def spec(tier: dict[str, Any] | None = None, **rest: Any) -> PolicySpec:
    return PolicySpec.model_validate({"policy": "p", "tiers": [{**TIER, **(tier or {})}], **rest})


def told(written: PolicySpec) -> list[tuple[str, str]]:
    found = complaints(written, roster("ana"), catch_all=["person:ana"], calendars=CALENDARS, at=AT)
    return [(".".join(map(str, path)), what) for path, what, _ in found]


def clock(**more: Any) -> dict[str, Any]:
    return {"clocks": {"resolution": {"target": "4h", **more}}}


@pytest.mark.parametrize(
    ("written", "where", "what"),
    [
        (spec(**clock(calendar="ofice")), "clocks.resolution.calendar", "There is no calendar 'ofice'."),
        (spec(**clock(calendar="shut")), "clocks.resolution.calendar", "A clock cannot be armed with 'shut'"),
        (spec(**clock(target={"sev1": "1h"})), "clocks.resolution.target", "no target for sev2, sev3, sev4, sev5"),
        (spec(**clock(target="2bd")), "clocks.resolution.target", "Business days need a calendar."),
        (spec(**clock(target="0s")), "clocks.resolution.target", "A target is longer than nothing."),
        (spec(**clock(warn_at=["-1bd"])), "clocks.resolution.warn_at", "counts business days"),
        (spec(**clock(on={"breach": {"climb": "three"}})), "clocks.resolution.on.breach.0", "'three' is no tier here."),
        (
            spec(**clock(on={"50": {"notify": "person:bob"}})),
            "clocks.resolution.on.50%.0.notify.0",
            "There is no person 'bob'.",
        ),
        (spec(calendar="nowhere"), "calendar", "There is no calendar 'nowhere'."),
        (spec({"calendar": "nowhere"}), "tiers.0.calendar", "There is no calendar 'nowhere'."),
        (spec({"resolve_within": "2bd"}), "tiers.0.resolve_within", "Business days need a calendar."),
        (
            spec({"resolve_within": "2bd", "calendar": "office", "wake": "sev1"}),
            "tiers.0.resolve_within",
            "sev1 would be counted around the clock",
        ),
        (spec({"clock": {"target": {"sev1": "1h"}}}), "tiers.0.clock.target", "no target for"),
    ],
)
def test_what_cannot_be_armed_is_told_where_it_is(written: PolicySpec, where: str, what: str) -> None:
    found = told(written)
    assert [path for path, _ in found] == [where]
    assert what in found[0][1]


@pytest.mark.parametrize(
    "clocks",
    [
        {"update": {}},
        {"update": {"target": "1h", "every": "1h"}},
        {"resolution": {"target": "1h", "on": {"breach": {}}}},
        {"resolution": {"target": "1h", "on": {"breach": {"climb": "next", "notify": "owner"}}}},
        {"resolution": {"target": "1h", "pause_on": ["lunch"]}},
        {"resolution": {"target": "1h", "warn_at": ["soon"]}},
        {"resolution": {"target": "1h", "warn_at": [0]}},
        {"first_response": {}},
    ],
)
def test_what_makes_no_sense_is_refused(clocks: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(clocks=clocks)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        *[(75, "75%"), ("75", "75%"), (" 75 % ", "75%"), (99.995, "99.995%"), ("100%", "breach"), (100, "breach")],
        *[("breach", "breach"), ("-8h", "-8h"), ("+3bd", "+3bd"), ("- 1bd 4h", "-1bd 4h"), ("-0s", "breach")],
    ],
)
def test_a_threshold_is_kept_in_one_way(written: object, kept: str) -> None:
    assert read_threshold(written) == kept


def test_days_in_an_office_calendar_are_asked_about_and_around_the_clock_they_are_not() -> None:
    office = spec({"calendar": "office", "resolve_within": "2d"}, **clock(target="3d", calendar="office"))
    found = [".".join(map(str, path)) for path, _, mend in doubts(office) if "bd" in mend]
    assert found == ["tiers.0.resolve_within", "clocks.resolution.target"]
    assert not list(doubts(spec({"resolve_within": "2d"}, **clock(target="3d"))))


def test_a_policy_says_once_for_all_tiers_when_they_work_and_a_tier_may_say_otherwise() -> None:
    tiers = [TIER, {**TIER, "name": "two", "calendar": "always"}, {**TIER, "name": "three", "wake": []}]
    written = PolicySpec.model_validate({"policy": "p", "tiers": tiers, "calendar": "office", "wake": ["sev1"]})
    pinned = compile_policy(written, catch_all=["person:ana"], calendars=CALENDARS, at=AT)
    assert [(tier.calendar, tier.wake) for tier in pinned.tiers] == [
        ("office", [Severity.SEV1]),
        ("", []),
        ("office", []),
    ]
    assert list(pinned.calendars) == ["office"]


def test_customers_keep_the_targets_that_are_not_theirs() -> None:
    written = spec(**clock(target={"sev1": "1h", "sev5": "never", "default": "8h"}, customers={"vip": {"sev3": "2h"}}))
    pinned = compile_policy(written, catch_all=["person:ana"]).clocks["resolution"]
    vip = {severity.value: str(budget) for severity, budget in pinned.customers["vip"].items()}
    assert vip == {"sev1": "1h", "sev2": "8h", "sev3": "2h", "sev4": "8h"}


def test_a_policy_with_calendars_is_compiled_for_an_instant() -> None:
    with pytest.raises(ValueError, match="instant"):
        compile_policy(spec(calendar="office"), catch_all=["person:ana"], calendars=CALENDARS)
