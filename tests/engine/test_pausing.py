"""Decision 13: a snoozed or pending ticket stands still, and comes back where it was. And how a ticket ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.engine import dues, next_due
from escalade.engine.due import DueKind
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Status

FOR_AN_HOUR = {"for": "1h"}


def ladder(**more: object) -> Climb:
    first = {"name": "first", "page": ["person:ana"], "acknowledge_within": "30m", "repeat_every": "10m", **more}
    second = {"name": "second", "page": ["person:bob"], "acknowledge_within": "30m"}
    return Climb(policy(first, second), roster("ana", "bob"))


def due(climb: Climb, kind: DueKind) -> float:
    """When something is due, in minutes from the opening."""
    (at,) = [found.at for found in dues(climb.state) if found.kind is kind]
    return (at - START).total_seconds() / 60


def status(climb: Climb) -> Status:
    return climb.state.status


@pytest.mark.parametrize("command", ["snooze", "pending"])
def test_nobody_is_paged_during_a_pause_and_its_end_pages_at_once(command: str) -> None:
    climb = ladder()
    climb.forward(minutes=12)
    climb.does("ana", command, **FOR_AN_HOUR)
    climb.forward(minutes=59)
    assert climb.minutes_of("person:ana") == [0, 10]
    climb.forward(minutes=1)
    assert climb.minutes_of("person:ana") == [0, 10, 72]


def test_the_tier_limit_keeps_what_was_left() -> None:
    climb = ladder()
    climb.forward(minutes=12)
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=60)
    assert due(climb, DueKind.TIER_LIMIT) == 12 + 60 + 18


def test_the_resolve_limit_keeps_what_was_left() -> None:
    climb = ladder(resolve_within="2h")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=30)
    climb.does("ana", "pending", **FOR_AN_HOUR)
    climb.forward(minutes=60)
    assert due(climb, DueKind.RESOLVE_LIMIT) == 120 + 60


def test_an_acknowledgement_does_not_expire_during_a_pause() -> None:
    climb = ladder(acknowledgement_lasts="20m")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=5)
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=60)
    assert climb.state.is_acknowledged
    assert due(climb, DueKind.EXPIRY) == 5 + 60 + 20, "snoozing was work"


def test_work_during_a_pause_gives_the_whole_time_from_its_end() -> None:
    climb = ladder(acknowledgement_lasts="20m")
    climb.does("ana", "acknowledge")
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=50)
    climb.does("ana", "note", text="still waiting")
    climb.forward(minutes=10)
    assert due(climb, DueKind.EXPIRY) == 60 + 20


def test_what_is_acknowledged_during_a_pause_has_its_limits_from_the_pauses_end() -> None:
    climb = ladder(resolve_within="2h", acknowledgement_lasts="20m")
    climb.does("bob", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=50)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=10)
    assert len(climb.pages) == 1, "it is acknowledged: its return pages nobody"
    assert due(climb, DueKind.RESOLVE_LIMIT) == 60 + 120
    assert due(climb, DueKind.EXPIRY) == 60 + 20


def test_what_is_given_up_during_a_pause_pages_at_its_end() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=50)
    climb.does("ana", "unacknowledge")
    climb.forward(minutes=10)
    assert climb.minutes_of("person:ana") == [0, 60]
    assert due(climb, DueKind.TIER_LIMIT) == 90


def test_personal_rules_stop_too_and_keep_what_was_left() -> None:
    ana = person(methods=("mail", "call"), rules={"mail": "0s", "call": "20m"})
    pinned = policy({"name": "first", "page": ["person:ana"], "acknowledge_within": "1h"})
    climb = Climb(pinned, roster(ana=ana))
    climb.forward(minutes=5)
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=75)
    assert [(climb.minute(page), page.method) for page in climb.pages] == [(0, "mail"), (65, "mail"), (80, "call")]


def test_a_pause_comes_back_to_the_status_it_left() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    climb.does("ana", "status", status="mitigating")
    climb.does("ana", "pending", on="vendor", **FOR_AN_HOUR)
    assert status(climb) is Status.PENDING
    climb.forward(minutes=60)
    assert status(climb) is Status.MITIGATING


def test_resuming_by_hand_pages_at_once_when_it_is_unacknowledged() -> None:
    climb = ladder()
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.forward(minutes=7)
    climb.does("bob", "resume")
    assert climb.minutes_of("person:ana") == [0, 7]
    refusal = climb.does("bob", "resume").refusal
    assert refusal
    assert refusal.code == "not_paused"


@pytest.mark.parametrize(("command", "most"), [("snooze", "7d"), ("pending", "30d")])
def test_a_pause_without_an_end_takes_the_policys_longest(command: str, most: str) -> None:
    climb = ladder()
    climb.does("ana", command)
    assert next_due(climb.state) == START + timedelta(days=int(most.removesuffix("d")))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"for": "8d"}, "too_long"),
        ({"until": "2026-03-20T00:00Z"}, "too_long"),
        ({"until": "2026-03-01T00:00Z"}, "in_the_past"),
        ({"for": "0s"}, "in_the_past"),
    ],
)
def test_a_pause_outside_what_the_policy_allows_is_refused(fields: dict[str, str], code: str) -> None:
    climb = ladder()
    refusal = climb.does("ana", "snooze", **fields).refusal
    assert refusal
    assert refusal.code == code
    assert climb.state.pause is None


def test_a_raised_severity_ends_a_snooze_but_not_a_pending() -> None:
    for command, pages in (("snooze", [0, 20]), ("pending", [0])):
        climb = ladder()
        climb.does("ana", command, **FOR_AN_HOUR)
        climb.forward(minutes=20)
        climb.hears("monitor", "severity", severity="sev1")
        climb.forward(minutes=1)
        assert climb.minutes_of("person:ana") == pages


def test_a_raise_while_pending_that_moves_it_up_pages_when_the_pending_ends() -> None:
    tiers = [
        {"name": name, "page": [f"person:{who}"], "acknowledge_within": "30m"}
        for name, who in (("first", "ana"), ("second", "bob"))
    ]
    climb = Climb(policy(*tiers, start_at={"sev1": "second"}), roster("ana", "bob"))
    climb.does("ana", "pending", **FOR_AN_HOUR)
    climb.forward(minutes=20)
    climb.hears("monitor", "severity", severity="sev1")
    climb.forward(minutes=40)
    assert climb.minutes_of("person:bob") == [60]
    assert due(climb, DueKind.TIER_LIMIT) == 90


def test_escalating_a_paused_ticket_ends_its_pause() -> None:
    climb = ladder()
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.does("ana", "escalate", reason="after all")
    assert climb.state.pause is None
    assert climb.minutes_of("person:bob") == [0]


def test_a_pause_ended_late_gives_what_was_left_from_when_it_is_handled() -> None:
    climb = ladder()
    climb.forward(minutes=10)
    climb.does("ana", "snooze", **FOR_AN_HOUR)
    climb.sleep(hours=5)
    climb.forward(minutes=0)
    assert climb.tier == "first"
    assert due(climb, DueKind.TIER_LIMIT) == 10 + 5 * 60 + 20


# -- how a ticket ends ----------------------------------------------------------------------------------------------


def test_resolving_pages_nobody_any_more_and_closes_after_the_reopen_window() -> None:
    climb = ladder()
    climb.does("ana", "resolve")
    climb.forward(days=2, hours=23)
    assert status(climb) is Status.RESOLVED
    climb.forward(hours=1)
    assert status(climb) is Status.CLOSED
    assert next_due(climb.state) is None
    assert len(climb.pages) == 1


def test_a_resolution_may_close_at_once() -> None:
    climb = ladder()
    climb.does("ana", "resolve", close=True)
    assert status(climb) is Status.CLOSED


def test_reopening_enters_the_tier_it_was_resolved_in_unacknowledged() -> None:
    climb = ladder()
    climb.forward(minutes=30)
    climb.does("bob", "acknowledge")
    climb.does("bob", "resolve")
    climb.forward(days=1)
    climb.does("ana", "reopen", reason="it is back")
    assert climb.tier == "second"
    assert [climb.minute(page) for page in climb.pages if page.rung == 3 and page.purpose == "round"] == [30 + 24 * 60]
    climb.forward(minutes=29)
    assert climb.tier == "second", "it does not climb at once: its limit is whole"


def test_a_person_cannot_act_on_what_is_resolved_and_a_machine_is_only_written_down() -> None:
    climb = ladder()
    climb.does("ana", "resolve")
    refusal = climb.does("bob", "acknowledge").refusal
    assert refusal
    assert refusal.code == "already_resolved"
    assert climb.hears("alertmanager", "resolve").refusal is None
    assert climb.kinds()[-1] == "resolve.ignored"


def test_only_a_resolved_ticket_can_be_closed_or_reopened() -> None:
    climb = ladder()
    for command in ("close", "reopen"):
        refusal = climb.does("ana", command).refusal
        assert refusal
        assert refusal.code == "not_resolved"


def test_a_closed_ticket_refuses_everything_and_says_why() -> None:
    climb = ladder()
    climb.does("ana", "resolve", close=True)
    refusal = climb.does("ana", "note", text="too late").refusal
    assert refusal
    assert refusal.text == "It is closed."


def test_every_refusal_is_on_record() -> None:
    climb = ladder()
    for command in ("resume", "close", "reopen", "unacknowledge"):
        climb.does("ana", command)
        assert climb.kinds()[-1] == f"{command}.refused"
        assert climb.entries[-1].actor.id == "ana"
