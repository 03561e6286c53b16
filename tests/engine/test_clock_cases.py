"""Clock cases of other systems, on whole tickets: what counts from when, what stops it, what is missed.

Arithmetic alone is in `tests/time`. Not ours: OT12's decay of repeated events (a threshold is told once), ZM9's refusal
of hours that end at 00:00 (they may), GL11's run times (ours fire at the instant, not at a cron's), CW3's `hit` for a
late resolution (ours is missed), OT13's figures with its hack.
"""

# ruff: noqa: N802 - tests are named by the ids of their cases

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from escalade.engine import view
from escalade.testing import Climb, policy, roster
from escalade.ticket import Severity, Ticket

PARIS = ZoneInfo("Europe/Paris")
QUIET: dict[str, Any] = {"name": "one", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "90d"}


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type, misc]


def hours(zone: str, **days: str) -> dict[str, Any]:
    return {"zone": zone, "hours": {day.replace("_", "-"): span for day, span in days.items()}}


def climb_with(clocks: dict[str, Any], start: datetime, week: dict[str, Any] | None = None, **more: Any) -> Climb:
    """A ticket whose ladder stays out of the way; `week` is the calendar `office`."""
    tier = {**QUIET, **more.pop("tier", {})}
    ticket = more.pop("ticket", Ticket(title="test", severity=Severity.SEV3))
    calendars = {"office": week} if week else {}
    tiers = [tier, {**QUIET, "name": "two", "page": ["person:bob"]}]
    pinned = policy(*tiers, calendars=calendars, at=start, clocks=clocks, **more)
    return Climb(pinned, roster("ana", "bob", "cyd"), ticket, start=start, calendars=calendars)


def office(target: Any, **more: Any) -> dict[str, Any]:
    return {"calendar": "office", "target": target, **more}


def dues(climb: Climb) -> dict[str, datetime | None]:
    return {clock.name: clock.due for clock in view(climb.state, climb.now).clocks}


def forward_to(climb: Climb, at: datetime) -> Climb:
    climb.forward(seconds=(at - climb.now).total_seconds())
    return climb


def clock(climb: Climb, name: str) -> Any:
    return next(clock for clock in view(climb.state, climb.now).clocks if clock.name == name)


def test_OT12_both_clocks_reach_into_the_next_morning() -> None:
    calendar = hours("UTC", monday_friday="09:00-18:00")
    clocks = {"first_response": office("30m"), "resolution": office("50m")}
    climb = climb_with(clocks, utc(2017, 4, 26, 17, 50), calendar)
    assert dues(climb) == {"first_response": utc(2017, 4, 27, 9, 20), "resolution": utc(2017, 4, 27, 9, 40)}
    climb.forward(days=2)
    assert [(e.data["clock"], e.at) for e in climb.noted("clock.breached")] == [
        ("first_response", utc(2017, 4, 27, 9, 20)),
        ("resolution", utc(2017, 4, 27, 9, 40)),
    ]


def test_OT13_a_pending_time_pushes_the_due_to_the_second() -> None:
    calendar = hours("UTC", monday_thursday="08:00-19:00", friday="08:00-16:00")
    clocks = {"resolution": office("24h", pause_on=["pending"])}
    climb = climb_with(clocks, utc(2016, 4, 12, 16, 50, 8), calendar)
    assert dues(climb)["resolution"] == utc(2016, 4, 14, 18, 50, 8)
    forward_to(climb, utc(2016, 4, 12, 16, 52, 53))
    climb.does("ana", "pending", on="customer")
    assert dues(climb)["resolution"] is None
    forward_to(climb, utc(2016, 4, 12, 17, 0, 2))
    climb.does("ana", "resume")
    assert dues(climb)["resolution"] == utc(2016, 4, 14, 18, 57, 17)


ZM = hours("Europe/Berlin", monday_friday="08:00-18:00")
ZM_CLOCKS = {
    "first_response": office("60m"),
    "update": office("120m", opening_counts=True),
    "resolution": office("180m"),
}


def test_ZM1_three_clocks_of_a_new_ticket() -> None:
    climb = climb_with(ZM_CLOCKS, utc(2013, 3, 21, 9, 30), ZM)
    assert dues(climb) == {
        "first_response": utc(2013, 3, 21, 10, 30),
        "update": utc(2013, 3, 21, 11, 30),
        "resolution": utc(2013, 3, 21, 12, 30),
    }


@pytest.mark.parametrize(
    ("hour", "minute", "used", "left"), [(10, 0, 30, 30), (14, 0, 270, -210)], ids=["in time", "late"]
)
def test_ZM1_the_first_answer(hour: int, minute: int, used: int, left: int) -> None:
    climb = climb_with(ZM_CLOCKS, utc(2013, 3, 21, 9, 30), ZM)
    forward_to(climb, utc(2013, 3, 21, hour, minute)).does("ana", "reply", text="we look at it")
    found = clock(climb, "first_response")
    assert (found.consumed, found.left) == (timedelta(minutes=used), timedelta(minutes=left))
    assert found.met == (left >= 0)


@pytest.mark.parametrize(("hour", "used", "left"), [(11, 90, 30), (12, 150, -30)])
def test_ZM1_the_update_and_the_next_message(hour: int, used: int, left: int) -> None:
    climb = climb_with(ZM_CLOCKS, utc(2013, 3, 21, 9, 30), ZM)
    forward_to(climb, utc(2013, 3, 21, hour)).does("ana", "reply")
    found = clock(climb, "update")
    assert (found.consumed, found.left) == (timedelta(minutes=used), timedelta(minutes=left))
    forward_to(climb, utc(2013, 3, 21, 12, 5)).hears("mail", "message", text="and now?")
    assert dues(climb)["update"] == utc(2013, 3, 21, 14, 5)


@pytest.mark.parametrize(("hour", "minute", "used", "left"), [(11, 30, 120, 60), (13, 0, 210, -30)])
def test_ZM1_the_resolution(hour: int, minute: int, used: int, left: int) -> None:
    climb = climb_with(ZM_CLOCKS, utc(2013, 3, 21, 9, 30), ZM)
    forward_to(climb, utc(2013, 3, 21, hour, minute)).does("ana", "resolve")
    found = clock(climb, "resolution")
    assert (found.consumed, found.left) == (timedelta(minutes=used), timedelta(minutes=left))
    assert found.met == (left >= 0)


def test_ZM2_a_severity_without_promise_has_no_clocks_and_coming_back_has_them_as_they_were() -> None:
    calendar = hours("Europe/Berlin", monday_friday="09:00-17:00")
    promised = (
        {"sev3": "60m", "default": "never"},
        {"sev3": "180m", "default": "never"},
        {"sev3": "240m", "default": "never"},
    )
    first, update, resolution = (office(p) for p in promised)
    clocks = {"first_response": first, "update": {**update, "opening_counts": True}, "resolution": resolution}
    climb = climb_with(clocks, utc(2013, 3, 21, 9, 30), calendar)
    assert dues(climb)["first_response"] == utc(2013, 3, 21, 10, 30)
    assert dues(climb)["resolution"] == utc(2013, 3, 21, 13, 30)
    climb.does("ana", "severity", severity="sev5", reason="minor")
    assert set(dues(climb).values()) == {None}
    climb.forward(days=1)
    assert not climb.noted("clock.breached")
    climb.does("ana", "severity", severity="sev3", reason="after all")
    assert dues(climb)["resolution"] == utc(2013, 3, 21, 13, 30)


def test_ZM9_what_counts_while_it_waits_to_be_closed_does_not() -> None:
    clocks = {"resolution": {"target": "4h", "pause_on": ["pending:problem"]}}
    climb = climb_with(clocks, utc(2026, 3, 2, 9))
    climb.forward(minutes=60)
    climb.does("ana", "status", status="investigating")
    climb.forward(minutes=30)
    climb.does("ana", "pending", on="problem")
    climb.forward(minutes=30)
    assert clock(climb, "resolution").consumed == timedelta(minutes=90)
    climb.does("ana", "resolve", close=True)
    assert clock(climb, "resolution").consumed == timedelta(minutes=90)


GL = hours("UTC", monday_friday="08:00-20:00")
GL_L = hours("UTC", monday="10:30-19:00", tuesday_friday="08:30-19:00")


def test_GL1_a_level_before_the_due_is_told_at_its_instant() -> None:
    climb = climb_with({"resolution": office("30m", warn_at=["-10m"])}, utc(2034, 6, 9, 8, 46, 12), GL_L)
    climb.forward(hours=1)
    told = [(e.kind, e.at) for e in climb.entries if e.kind in ("clock.warned", "clock.breached")]
    assert told == [("clock.warned", utc(2034, 6, 9, 9, 6, 12)), ("clock.breached", utc(2034, 6, 9, 9, 16, 12))]


@pytest.mark.parametrize(
    ("end_of_day", "level", "warned", "due"),
    [
        (False, "-8h", utc(2034, 6, 15, 11, 16, 12), utc(2034, 6, 16, 8, 46, 12)),
        (True, "-2bd", utc(2034, 6, 14, 19), utc(2034, 6, 16, 19)),
    ],
    ids=["time of day", "end of day"],
)
def test_GL5_a_target_in_business_days(level: str, warned: datetime, due: datetime, *, end_of_day: bool) -> None:
    clocks = {"resolution": office("5bd", warn_at=[level], end_of_day=end_of_day)}
    climb = climb_with(clocks, utc(2034, 6, 9, 8, 46, 12), GL_L)
    assert dues(climb)["resolution"] == due
    climb.forward(days=10)
    told = [(e.kind, e.at) for e in climb.entries if e.kind in ("clock.warned", "clock.breached")]
    assert told == [("clock.warned", warned), ("clock.breached", due)]


def test_GL8_another_target_keeps_the_start_and_moves_the_thresholds() -> None:
    target = {"sev3": "4h", "default": "2h"}
    climb = climb_with({"resolution": office(target, warn_at=["-1h"])}, utc(2034, 8, 16, 13), GL)
    assert (clock(climb, "resolution").due, clock(climb, "resolution").next_at) == (
        utc(2034, 8, 16, 17),
        utc(2034, 8, 16, 16),
    )
    climb.forward(minutes=20)
    climb.does("ana", "severity", severity="sev2", reason="more customers")
    found = clock(climb, "resolution")
    assert (found.due, found.next_at) == (utc(2034, 8, 16, 15), utc(2034, 8, 16, 14))
    assert found.consumed == timedelta(minutes=20)
    changed = climb.noted("clock.changed")[0]
    assert "4h until 2034-08-16T17:00:00Z → 2h until 2034-08-16T15:00:00Z" in changed.what


@pytest.mark.parametrize(("own", "due"), [("2h", 12), ("8h", 18)])
def test_GL10_a_clock_counts_from_the_opening_where_it_began_and_that_of_a_tier_from_the_entry(
    own: str, due: int
) -> None:
    began = utc(2034, 8, 16, 9)
    ticket = Ticket(title="test", opened_at=began, backdate=True)
    tier = {"clock": {"target": own, "calendar": "office"}}
    clocks = {"first_response": office("4h"), "resolution": office("12h")}
    climb = climb_with(clocks, utc(2034, 8, 16, 10), GL, ticket=ticket, tier=tier)
    assert dues(climb) == {
        "first_response": utc(2034, 8, 16, 13),
        "resolution": utc(2034, 8, 17, 9),
        "tier": utc(2034, 8, 16, due),
    }
    plain = climb_with(clocks, utc(2034, 8, 16, 10), GL, ticket=ticket.model_copy(update={"backdate": False}))
    assert dues(plain)["first_response"] == utc(2034, 8, 16, 14)


def test_GL11_thresholds_of_a_tiers_clock_raise_the_severity_at_their_instants() -> None:
    on = {"-60m": {"raise_severity": "sev4"}, "-30m": {"raise_severity": "sev3"}}
    ticket = Ticket(title="test", severity=Severity.SEV5)
    tier = {"clock": {"target": "120m", "on": on}}
    climb = climb_with({}, utc(2025, 5, 26, 10), ticket=ticket, tier=tier)
    climb.forward(hours=3)
    raised = [(entry.at, entry.data["new"]) for entry in climb.noted("ticket.severity")]
    assert raised == [(utc(2025, 5, 26, 11), "sev4"), (utc(2025, 5, 26, 11, 30), "sev3")]
    assert climb.noted("clock.breached")[0].at == utc(2025, 5, 26, 12)


def test_CW3_a_target_missed_before_anybody_looked_is_one_breach_and_tells_assignee_and_admin() -> None:
    now = utc(2026, 3, 2, 15)
    ticket = Ticket(title="test", opened_at=now - timedelta(hours=6), backdate=True)
    on = {"breach": {"notify": ["owner", "person:cyd"]}}
    climb = climb_with({"first_response": {"target": "1h", "on": on}}, now, ticket=ticket)
    climb.tick()
    assert len(climb.noted("clock.breached")) == 1
    assert sorted(p.target for p in climb.pages if p.purpose == "notice") == ["person:ana", "person:cyd"]


def test_CW3_resolved_late_between_looks_is_missed() -> None:
    climb = climb_with({"resolution": {"target": "1h"}}, utc(2026, 3, 2, 9))
    climb.sleep(minutes=61)
    climb.does("ana", "resolve")
    assert clock(climb, "resolution").met is False
    assert not climb.noted("clock.breached")


def test_RT3_a_longer_target_moves_the_due_by_the_difference() -> None:
    climb = climb_with({"resolution": {"target": {"sev3": "2h", "default": "4h"}}}, utc(2026, 3, 2, 9))
    assert dues(climb)["resolution"] == utc(2026, 3, 2, 11)
    climb.does("ana", "severity", severity="sev4")
    assert dues(climb)["resolution"] == utc(2026, 3, 2, 13)


def test_RT3_a_reply_clears_the_update_and_a_second_message_leaves_its_due() -> None:
    climb = climb_with({"update": {"target": "2h"}}, utc(2026, 3, 2, 9))
    assert dues(climb) == {}
    climb.hears("mail", "message", text="hello?")
    assert dues(climb)["update"] == utc(2026, 3, 2, 11)
    climb.forward(minutes=30)
    climb.hears("mail", "message", text="anybody?")
    assert dues(climb)["update"] == utc(2026, 3, 2, 11)
    climb.does("ana", "reply", text="yes")
    assert clock(climb, "update").state == "met"
    climb.forward(days=1)
    assert not climb.noted("clock.breached")


def test_RT3_what_is_stalled_is_left_alone() -> None:
    climb = climb_with({"resolution": {"target": "2h", "pause_on": ["pending"]}}, utc(2026, 3, 2, 9))
    climb.does("ana", "pending", on="vendor")
    climb.forward(days=20)
    assert not climb.noted("clock.breached")


def test_SN3_nearly_all_of_it_is_no_breach() -> None:
    climb = climb_with({"resolution": {"target": "20000s", "warn_at": [99.951, 99.995]}}, utc(2026, 3, 2, 9))
    climb.forward(seconds=19999)
    warned = [(e.data["thresholds"], e.at) for e in climb.noted("clock.warned")]
    start = utc(2026, 3, 2, 9)
    assert warned == [
        (["99.951%"], start + timedelta(seconds=19990.2)),
        (["99.995%"], start + timedelta(seconds=19999)),
    ]
    assert clock(climb, "resolution").breached is False
    assert not climb.noted("clock.breached")
    climb.does("ana", "resolve")
    assert clock(climb, "resolution").met is True


def test_SN4_two_reminders_ten_minutes_apart_and_up_at_thirty() -> None:
    on = {"breach": {"climb": "next"}}
    climb = climb_with({"resolution": {"target": "30m", "warn_at": ["-20m", "-10m"], "on": on}}, utc(2026, 3, 2, 9))
    climb.forward(minutes=29)
    assert [(entry.at - climb.state.opened_at) // timedelta(minutes=1) for entry in climb.noted("clock.warned")] == [
        10,
        20,
    ]
    assert climb.tier == "one"
    climb.forward(minutes=1)
    assert climb.tier == "two"


FR_DAY = hours("UTC", monday_friday="10:00-18:00")
FR_FIRST = {"sev1": "30m", "sev2": "1h", "default": "24h"}
FR_RESOLUTION = {"sev1": "2h", "sev2": "4h", "default": "72h"}


@pytest.mark.parametrize(
    ("severity", "opened", "first", "resolution"),
    [
        (Severity.SEV2, utc(2024, 1, 15, 8), utc(2024, 1, 15, 11), utc(2024, 1, 15, 14)),
        (Severity.SEV1, utc(2024, 1, 15, 20), utc(2024, 1, 16, 10, 30), utc(2024, 1, 16, 12)),
        (Severity.SEV1, utc(2024, 1, 19, 17), utc(2024, 1, 19, 17, 30), utc(2024, 1, 22, 11)),
        (Severity.SEV2, utc(2024, 1, 19, 19), utc(2024, 1, 22, 11), utc(2024, 1, 22, 14)),
        (Severity.SEV4, utc(2024, 1, 20, 15), utc(2024, 1, 24, 18), utc(2024, 2, 1, 18)),
    ],
    ids=["high", "urgent, evening", "urgent, Friday", "high, Friday evening", "low, Saturday"],
)
def test_FR1_targets_by_severity(severity: Severity, opened: datetime, first: datetime, resolution: datetime) -> None:
    clocks = {"first_response": office(FR_FIRST), "resolution": office(FR_RESOLUTION)}
    climb = climb_with(clocks, opened, FR_DAY, ticket=Ticket(title="test", severity=severity))
    assert dues(climb) == {"first_response": first, "resolution": resolution}
    climb.forward(days=20)
    assert [(e.data["clock"], e.at) for e in climb.noted("clock.breached")] == [
        ("first_response", first),
        ("resolution", resolution),
    ]
