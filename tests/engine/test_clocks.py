"""Clocks of whole tickets: what runs, what stands still, what is told once, what a reopening does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.effects import ResolveRound, RoundResolved
from escalade.engine import ENGINE, Admitted, Tick, decide, new_state, next_due, view
from escalade.engine.clockview import why
from escalade.messages.activities import Admission
from escalade.people.resolve import resolve_round
from escalade.record import Entry
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Severity, Ticket
from tests.engine.test_clock_cases import QUIET, climb_with, clock, dues, forward_to, hours, office, utc

OFFICE = hours("Europe/Paris", monday_friday="09:00-18:00")
PENDING = {"pause_on": ["pending"]}


def notices(climb: Climb) -> list[tuple[float, str]]:
    return [(climb.minute(page), page.target) for page in climb.pages if page.purpose == "notice"]


# -- thresholds ---------------------------------------------------------------------------------------------------


def test_each_threshold_is_told_at_its_instant_and_once() -> None:
    climb = climb_with({"resolution": {"target": "100m", "warn_at": [50, "75%", 90]}}, START)
    climb.forward(days=2)
    told = [(climb_minute(climb, e), e.data["thresholds"]) for e in climb.noted("clock.warned")]
    assert told == [(50, ["50%"]), (75, ["75%"]), (90, ["90%"])]
    assert [climb_minute(climb, e) for e in climb.noted("clock.breached")] == [100]
    assert notices(climb) == [(50, "person:ana"), (75, "person:ana"), (90, "person:ana"), (100, "person:ana")]


def climb_minute(climb: Climb, entry: Entry) -> float:
    return (entry.at - climb.state.opened_at).total_seconds() / 60


def test_thresholds_passed_while_nobody_looked_are_one_entry_and_one_notice() -> None:
    clocks = {
        "first_response": {"target": "1h", "warn_at": [50, 75]},
        "resolution": {"target": "2h", "warn_at": [50, 90]},
    }
    climb = climb_with(clocks, START)
    climb.sleep(hours=5)
    climb.tick()
    climb.forward(hours=1)
    assert [e.data["thresholds"] for e in climb.noted("clock.breached")] == [
        ["50%", "75%", "breach"],
        ["50%", "90%", "breach"],
    ]
    assert len([page for page in climb.pages if page.purpose == "notice"]) == 1


@pytest.mark.parametrize("milliseconds", [0, 400])
def test_all_that_the_arrival_starts_is_one_notice_though_admitting_took_a_moment(milliseconds: int) -> None:
    one = {"name": "one", "page": ["person:ana"], "acknowledge_within": "1d", "clock": {"target": "1h"}}
    pinned = policy(one, clocks={"first_response": {"target": "1h"}})
    state = new_state(Ticket(title="test"), key="testticket", life="life", run="run", now=START)
    admission = Admission(policy=pinned, why="test", engine=ENGINE)
    state = decide(state, Admitted(admission=admission), START + timedelta(milliseconds=milliseconds)).state
    [asked] = state.pending.values()
    assert isinstance(asked, ResolveRound)
    ana = resolve_round(roster("ana"), asked.request, at=START, load={})
    state = decide(state, RoundResolved(effect=asked.id, resolved=ana), START + timedelta(seconds=1)).state
    looked = decide(state, Tick(), START + timedelta(hours=1))
    assert [entry.kind for entry in looked.entries].count("clock.breached") == 2
    assert len([effect for effect in looked.effects if getattr(effect, "purpose", "") == "notice"]) == 1


def test_nothing_is_told_while_it_stands_still_and_what_was_left_is_left() -> None:
    climb = climb_with({"resolution": {"target": "100m", "warn_at": [50], **PENDING}}, START)
    climb.forward(minutes=40)
    climb.does("ana", "pending", on="customer", **{"for": "10d"})
    climb.forward(days=9)
    assert not climb.noted("clock.warned")
    climb.does("ana", "resume")
    climb.forward(minutes=10)
    assert len(climb.noted("clock.warned")) == 1
    assert clock(climb, "resolution").left == timedelta(minutes=50)


def test_a_pause_that_ends_by_itself_counts_to_its_end_however_late_that_is_seen() -> None:
    climb = climb_with({"resolution": {"target": "100m", **PENDING}}, START)
    climb.does("ana", "pending", **{"for": "60m"})
    climb.sleep(minutes=90)
    climb.tick()
    assert clock(climb, "resolution").consumed == timedelta(minutes=30)
    assert dues(climb)["resolution"] == START + timedelta(minutes=160)


def test_a_threshold_that_lies_ahead_again_is_told_again_and_never_twice_for_one_due() -> None:
    target = {"sev3": "100m", "sev1": "20m", "default": "1000m"}
    climb = climb_with({"resolution": {"target": target, "warn_at": [50]}}, START)
    climb.forward(minutes=55)
    assert len(climb.noted("clock.warned")) == 1
    climb.does("ana", "severity", severity="sev4")
    climb.does("ana", "severity", severity="sev3")
    climb.forward(minutes=1)
    assert len(climb.noted("clock.warned")) == 1, "the same due"
    climb.does("ana", "severity", severity="sev4")
    climb.forward(minutes=500)
    assert [climb_minute(climb, e) for e in climb.noted("clock.warned")] == [55 - 5, 500]


def test_an_offset_in_business_days_comes_again_when_a_pause_moves_the_due() -> None:
    week = hours("Europe/Paris", monday_thursday="09:00-18:00", friday="09:00-12:00")
    climb = climb_with({"resolution": office("3bd", warn_at=["-1bd"], **PENDING)}, utc(2026, 3, 2, 9), week)
    assert dues(climb)["resolution"] == utc(2026, 3, 5, 9)
    forward_to(climb, utc(2026, 3, 4, 10))
    assert [e.at for e in climb.noted("clock.warned")] == [utc(2026, 3, 4, 9)]
    climb.does("ana", "pending", **{"for": "46h"})
    climb.forward(days=20)
    # Eight hours are left on Friday at nine, and Friday is short: due on Monday at 14, so a day before is ahead again.
    assert [e.at for e in climb.noted("clock.breached")] == [utc(2026, 3, 9, 13)]
    assert [e.at for e in climb.noted("clock.warned")] == [utc(2026, 3, 4, 9), utc(2026, 3, 6, 11)]


def test_a_warning_that_lies_before_the_start_is_none() -> None:
    climb = climb_with({"resolution": {"target": "1h", "warn_at": ["-8h", "-30m"]}}, START)
    climb.forward(hours=1)
    assert [e.data["thresholds"] for e in climb.noted("clock.warned")] == [["-30m"]]


# -- what a threshold does ----------------------------------------------------------------------------------------


def test_a_breach_raises_the_severity_climbs_and_tells_in_one_go() -> None:
    on = {"breach": [{"raise_severity": "sev1"}, {"climb": "two"}, {"notify": ["followers", "tier", "person:cyd"]}]}
    climb = climb_with({"resolution": {"target": "1h", "on": on}}, START)
    climb.forward(hours=1)
    assert climb.state.ticket.severity is Severity.SEV1
    assert climb.tier == "two"
    assert "resolution passed breach" in climb.noted("tier.left")[0].why
    assert {target for _, target in notices(climb)} == {"person:ana", "person:cyd"}


def test_a_clock_and_a_limit_at_one_instant_are_one_climb_with_both_reasons() -> None:
    tier = {"acknowledge_within": "1h", "repeat_every": "30m"}
    climb = climb_with({"resolution": {"target": "1h", "on": {"breach": {"climb": "next"}}}}, START, tier=tier)
    climb.forward(hours=1)
    left = climb.noted("tier.left")
    assert len(left) == 1
    assert "nobody acknowledged" in left[0].why
    assert "resolution passed breach" in left[0].why


def test_a_climb_that_is_asked_for_where_it_is_already_changes_nothing() -> None:
    climb = climb_with({"resolution": {"target": "1h", "on": {"breach": {"climb": "one"}}}}, START)
    climb.forward(hours=2)
    assert climb.tier == "one"
    assert len(climb.noted("escalate.ignored")) == 1


def test_a_clock_that_runs_on_during_a_snooze_and_climbs_ends_it() -> None:
    climb = climb_with({"resolution": {"target": "1h", "on": {"breach": {"climb": "next"}}}}, START)
    climb.does("ana", "snooze", **{"for": "5h"})
    climb.forward(hours=1)
    assert (climb.tier, climb.state.pause) == ("two", None)
    assert climb.minutes_of("person:bob") == [60]


def test_the_owner_is_asked_and_the_tier_where_nobody_has_it() -> None:
    on = {"50%": {"ask_owner": "Do you need help?"}}
    climb = climb_with({"resolution": {"target": "1h", "on": on}}, START)
    climb.does("bob", "acknowledge")
    climb.forward(minutes=30)
    assert notices(climb) == [(30, "person:bob")]
    nobody = climb_with({"resolution": {"target": "1h", "on": on}}, START)
    nobody.forward(minutes=30)
    assert notices(nobody) == [(30, "person:ana")]


# -- what stops a clock, and when ---------------------------------------------------------------------------------


def test_an_acknowledgement_is_no_first_response_unless_the_clock_says_so() -> None:
    for stops, state in (([], "running"), (["acknowledgement"], "met")):
        climb = climb_with({"first_response": {"target": "1h", "stops_on": stops}}, START)
        climb.does("ana", "acknowledge")
        assert clock(climb, "first_response").state == state


def test_resolving_without_a_reply_stops_the_first_response_too() -> None:
    climb = climb_with({"first_response": {"target": "1h"}}, START)
    climb.does("ana", "resolve")
    assert clock(climb, "first_response").stopped_by == "resolution"


@pytest.mark.parametrize(("late", "met"), [(59, True), (60, True), (61, False)])
def test_met_or_missed_is_the_stopping_instant_alone(late: int, *, met: bool) -> None:
    climb = climb_with({"resolution": {"target": "1h"}}, START)
    climb.sleep(minutes=late)
    climb.does("ana", "resolve")
    assert clock(climb, "resolution").met is met


def test_what_stopped_after_the_close_that_was_the_due_is_missed() -> None:
    climb = climb_with({"resolution": office("8h")}, utc(2026, 3, 2, 9), OFFICE)
    assert dues(climb)["resolution"] == utc(2026, 3, 2, 17)
    climb.sleep(hours=8, seconds=1)
    climb.does("ana", "resolve")
    found = clock(climb, "resolution")
    assert (found.met, found.consumed) == (False, timedelta(hours=8))


def test_a_reply_that_a_door_received_in_time_and_that_arrived_late_is_met() -> None:
    climb = climb_with({"first_response": {"target": "1h"}}, START)
    climb.forward(minutes=70)
    climb.does("ana", "reply", text="hello", at=START + timedelta(minutes=50))
    assert clock(climb, "first_response").met is True
    assert climb.noted("customer.answered")[0].data["received"] == "2026-03-02T09:50:00Z"


def test_a_reply_before_the_resolution_that_is_heard_of_after_it_is_what_stopped_the_clock() -> None:
    climb = climb_with({"first_response": {"target": "1h"}}, START)
    climb.forward(minutes=70)
    climb.does("ana", "resolve")
    assert clock(climb, "first_response").met is False
    climb.hears("mail", "reply", at=START + timedelta(minutes=5))
    assert clock(climb, "first_response").met is True


def test_a_resolution_and_a_pending_that_arrive_late_count_from_where_a_door_received_them() -> None:
    climb = climb_with({"resolution": {"target": "1h", **PENDING}}, START)
    climb.forward(minutes=30)
    climb.does("ana", "pending", at=START + timedelta(minutes=20), **{"for": "1h"})
    assert clock(climb, "resolution").consumed == timedelta(minutes=20)
    climb.forward(minutes=20)
    climb.does("ana", "resume", at=START + timedelta(minutes=40))
    climb.forward(minutes=50)
    assert clock(climb, "resolution").consumed == timedelta(minutes=80), "twenty, and sixty since the fortieth"
    climb.hears("mail", "resolve", at=START + timedelta(minutes=80))
    found = clock(climb, "resolution")
    assert (found.met, found.stopped_at) == (True, START + timedelta(minutes=80))
    assert climb.state.resolved_at == climb.now, "the ladder goes by the arrival"


def test_an_acknowledgement_heard_of_late_makes_met_what_a_reply_had_missed() -> None:
    climb = climb_with({"first_response": {"target": "30m", "stops_on": ["acknowledgement"]}}, START)
    climb.forward(minutes=40)
    climb.does("ana", "reply")
    assert clock(climb, "first_response").met is False
    climb.does("ana", "acknowledge", at=START + timedelta(minutes=25))
    assert clock(climb, "first_response").met is True


def test_another_target_keeps_the_pauses_and_counts_them_in_the_clocks_own_calendar() -> None:
    climb = climb_with({"resolution": office({"sev2": "4h", "default": "8h"}, **PENDING)}, utc(2026, 3, 6, 15), OFFICE)
    climb.forward(hours=1)
    climb.does("ana", "pending", **{"for": "69h"})  # Friday 17:00 to Monday 14:00: six hours of the office
    climb.forward(hours=70)
    assert dues(climb)["resolution"] == utc(2026, 3, 10, 11)
    before = climb.state.clocks["resolution"].pauses
    climb.does("ana", "severity", severity="sev2")
    assert climb.state.clocks["resolution"].pauses == before != []
    assert dues(climb)["resolution"] == utc(2026, 3, 9, 16)


def test_a_clock_whose_calendar_is_not_pinned_says_so_and_does_not_count_in_silence() -> None:
    pinned = policy(QUIET, calendars={"office": OFFICE}, clocks={"resolution": office("4h")})
    climb = Climb(pinned.model_copy(update={"calendars": {}}), roster("ana"))
    [told] = climb.noted("clock.unarmed")
    assert "office is not there" in told.what


def test_an_instant_that_is_still_to_come_is_now() -> None:
    climb = climb_with({"first_response": {"target": "1h"}}, START)
    climb.does("ana", "reply", at=START + timedelta(days=3))
    assert clock(climb, "first_response").stopped_at == START


def test_a_ticket_merged_into_another_is_judged_by_nobody() -> None:
    from escalade.engine.events import MergeAnswered

    climb = climb_with({"resolution": {"target": "1h"}}, START)
    climb.forward(hours=3)
    climb.does("ana", "merge", into="bbbbbbbbbb")
    climb.happens(MergeAnswered(key="bbbbbbbbbb", taken=True))
    assert clock(climb, "resolution").state == "ended"
    assert next_due(climb.state) is None


def test_customers_of_a_tier_have_targets_of_their_own() -> None:
    clocks = {"first_response": {"target": "4h", "customers": {"vip": {"sev1": "5m", "default": "1h"}}}}
    for tier, length in (("vip", timedelta(hours=1)), ("", timedelta(hours=4)), ("gold", timedelta(hours=4))):
        climb = climb_with(clocks, START, ticket=Ticket(title="t", customer_tier=tier))
        assert dues(climb)["first_response"] == START + length


# -- arriving and reopening ---------------------------------------------------------------------------------------


def test_a_ticket_that_arrives_pending_burns_nothing() -> None:
    ticket = Ticket(title="t", status="pending")
    climb = climb_with({"resolution": {"target": "1h", **PENDING}}, START, ticket=ticket)
    climb.forward(days=5)
    assert (climb.pages, climb.noted("clock.breached")) == ([], [])
    climb.hears("mail", "message", text="here")
    assert clock(climb, "resolution").consumed == timedelta(0)
    assert len(climb.pages) == 1


def test_what_lay_behind_a_clock_when_it_stood_still_is_told_afterwards_with_its_reason() -> None:
    ticket = Ticket(title="t", status="pending", opened_at=START - timedelta(hours=2), backdate=True)
    climb = climb_with({"resolution": {"target": "1h", **PENDING}}, START, ticket=ticket)
    climb.forward(minutes=30)
    assert not climb.noted("clock.breached")
    climb.does("ana", "resume")
    climb.forward(minutes=1)
    [entry] = climb.noted("clock.breached")
    assert entry.why == "it was passed before the clock stood still, which is over now"


# -- tiers --------------------------------------------------------------------------------------------------------


def test_what_each_tier_used_is_told_when_it_is_resolved_and_so_far_before() -> None:
    climb = climb_with({}, utc(2026, 3, 2, 16), OFFICE, calendar="office", wake="sev1")
    forward_to(climb, utc(2026, 3, 3, 9))
    climb.does("ana", "escalate", reason="x")
    climb.forward(hours=1)
    so_far = {use.tier: (use.wall, use.business) for use in view(climb.state, climb.now).used}
    assert so_far["one"] == (timedelta(hours=17), timedelta(hours=2))
    climb.does("bob", "pending", **{"for": "2h"})
    climb.forward(hours=3)
    climb.does("bob", "resolve")
    assert climb.noted("ticket.resolved")[0].what.endswith(
        "; time used: one 17h (2h of its time), two 4h (2h of its time)"
    )


def test_why_a_clock_is_due_then() -> None:
    climb = climb_with({"resolution": office("4h", warn_at=[50], **PENDING)}, utc(2026, 3, 6, 15), OFFICE)
    climb.forward(minutes=30)
    climb.does("ana", "pending", on="vendor", **{"for": "1h"})
    climb.forward(hours=2)
    told = why(climb.state, "resolution", climb.now)
    assert told is not None
    assert told.clock.due == utc(2026, 3, 9, 11)
    assert told.seconds == 4 * 3600
    text = "\n".join(told.explanation)
    assert "It stood still from 2026-03-06T15:30:00Z to 2026-03-06T16:30:00Z: pending." in text
    assert why(climb.state, "update", climb.now) is None


# -- long lives ---------------------------------------------------------------------------------------------------


def test_hundreds_of_pauses_lose_nothing_and_are_bounded() -> None:
    climb = climb_with({"resolution": office("900h", **PENDING)}, utc(2026, 3, 2, 9), OFFICE)
    for _ in range(300):
        climb.forward(minutes=10)
        climb.does("ana", "pending", **{"for": "5m"})
        climb.forward(minutes=5)
    found = clock(climb, "resolution")
    by_hand = timedelta(0)
    at = utc(2026, 3, 2, 9)
    for _ in range(300):  # 09:00 to 18:00 in Paris is 08:00 to 17:00 in UTC, in winter
        by_hand += sum(
            (
                timedelta(minutes=1)
                for m in range(10)
                if 8 <= (at + timedelta(minutes=m)).hour < 17 and (at + timedelta(minutes=m)).weekday() < 5
            ),
            timedelta(0),
        )
        at += timedelta(minutes=15)
    assert found.consumed == by_hand
    assert len(climb.state.clocks["resolution"].pauses) <= 200


def test_a_policy_is_the_same_version_on_every_day() -> None:
    digests = set()
    for day in (1, 2, 28):
        pinned = policy(QUIET, calendars={"office": OFFICE}, calendar="office", at=utc(2026, 2, day))
        digests.add(pinned.digest)
        assert len(pinned.model_dump_json()) < 64 * 1024
    later = policy(QUIET, calendars={"office": OFFICE}, calendar="office", at=utc(2027, 2, 1))
    other = policy(QUIET, calendars={"office": {**OFFICE, "zone": "UTC"}}, calendar="office", at=utc(2026, 2, 1))
    assert digests == {later.digest}
    assert other.digest not in digests


def test_old_policies_have_no_clocks_and_cost_nothing() -> None:
    climb = Climb(policy(QUIET), roster("ana"))
    assert climb.state.clocks == {}
    assert not [kind for kind in climb.kinds() if kind.startswith("clock")]
