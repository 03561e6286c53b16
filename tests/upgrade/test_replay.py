"""Recorded histories replay on today's code, and are what they say they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from escalade.engine.state import ENGINE
from tests.upgrade import histories
from tests.upgrade.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent.parent
BEGINS = ["ticket.opened", "ticket.admitted", "tier.entered", "round.started"]
CLIMBS = ["tier.left", "tier.entered", "round.started"]
ENDS = ["ticket.resolved", "ticket.closed"]
ANA, BOB = "person:ana by mail: accepted", "person:bob by mail: accepted"


class Content(NamedTuple):
    """What a scenario is about: a fixture without it would replay, and prove nothing."""

    entries: list[str]
    receipts: list[str]
    results: list[str]


CONTENT = {
    "opened-acknowledged-resolved-closed": Content(
        [*BEGINS, "ticket.acknowledged", "tier.first_work", "ticket.status", *ENDS],
        [ANA],
        ["continued_as_new", "closed"],
    ),
    "climbs-with-repeats-to-the-catch-all": Content(
        [*BEGINS, "round.started", "round.started", *CLIMBS, *["ladder.exhausted", *CLIMBS] * 2, *ENDS],
        [ANA, ANA, ANA, BOB, BOB, "channel:last-resort by mail: accepted"],
        ["closed"],
    ),
    "a-failed-channel-falls-over": Content(
        [*BEGINS, "round.started", "round.failed", *CLIMBS, "tier.first_work", *ENDS],
        [
            "person:ana by mail: failed",
            "person:ana by chat: accepted",
            "person:ana by mail: failed",
            "person:ana by chat: failed",
            BOB,
        ],
        ["closed"],
    ),
    "snoozed-pending-and-resumed": Content(
        [
            *BEGINS,
            *["ticket.snoozed", "tier.first_work", "snoozed.ended", "round.started"],
            *["ticket.pending", "pending.ended", "round.started", *ENDS],
        ],
        [ANA, ANA, ANA],
        ["continued_as_new", "closed"],
    ),
    "reopened": Content(
        [
            *[*BEGINS, "tier.first_work", "ticket.resolved", "ticket.reopened", *CLIMBS],
            *["ticket.acknowledged", "tier.first_work", *CLIMBS, "tier.first_work", *ENDS],
        ],
        # ana is a watcher when the resolve limit has passed: she is told of the climb and of the resolution.
        [ANA, ANA, ANA, ANA, BOB],
        ["closed"],
    ),
    "severity-changed": Content(
        [
            *[*BEGINS, "round.started", "ticket.severity", "tier.first_work", *CLIMBS],
            *["ticket.severity", "tier.first_work", "ticket.returned", *CLIMBS, "tier.first_work", *ENDS],
        ],
        [ANA, ANA, ANA, BOB],
        ["closed"],
    ),
    "merged": Content(
        [
            *[*BEGINS, "ticket.merged_here", "ticket.severity", "tier.first_work", *ENDS],
            *[*BEGINS, "ticket.followed", "ticket.merging", "tier.first_work", "ticket.closed"],
        ],
        [ANA, ANA, "person:cleo by mail: accepted"],
        ["closed", "merged into"],
    ),
    "steps-run": Content(
        [*BEGINS, "step.done", "tier.first_work", *ENDS],
        [ANA, "person:cleo by mail: accepted"],
        ["closed", "completed"],
    ),
    "a-chain-of-continued-runs": Content(
        [
            *[*BEGINS, "ticket.note", "tier.first_work", "ticket.note", "ticket.note", "round.started"],
            *["round.started", *CLIMBS, "ticket.acknowledged", "tier.first_work", *ENDS],
        ],
        [ANA, ANA, ANA, BOB],
        ["continued_as_new", "closed"],
    ),
    "opened-under-another-id": Content([*BEGINS, "round.started", *ENDS], [ANA, ANA], ["closed"]),
    "a-digest-is-joined-often-before-it-leaves": Content(
        [*BEGINS, "tier.first_work", *ENDS] * 2,
        ["person:dora by digest: digested"] * 2,
        ["continued_as_new", "closed", "completed"],
    ),
    "a-digest-keeps-to-the-later-time-and-tells-before-it-waits-on": Content(
        [*BEGINS, "tier.first_work", *ENDS] * 2,
        ["person:erna by mail: accepted", "person:erna by digest: digested"],
        ["closed", "completed"],
    ),
    "malformed-signals": Content(
        [*BEGINS, *["message.unreadable"] * 15, "ticket.note", "tier.first_work", *ENDS],
        [ANA],
        ["closed"],
    ),
    "clocks-warn-stand-still-and-climb": Content(
        [
            *["ticket.opened", "ticket.admitted", "clock.started", "tier.entered", "round.started"],
            # The first response warns and is met, the update is missed, …
            *["clock.warned", "customer.answered", "clock.met", "tier.first_work"],
            *["customer.message", "clock.started", "clock.breached", "customer.answered", "clock.missed"],
            # … the resolution stands still while the customer is waited for, warns, and its breach climbs, …
            *["ticket.pending", "clock.paused"],
            *["customer.message", "clock.started", "pending.ended", "round.started", "clock.resumed"],
            *["customer.answered", "clock.met"],
            *["clock.warned", "clock.breached", "ticket.severity", "tier.left", "tier.entered", "clock.started"],
            *["round.started", "ticket.acknowledged", "tier.first_work", "clock.warned"],
            # … and what was resolved goes on with what was left when it is reopened.
            *["clock.missed", "clock.met", "ticket.resolved", "ticket.reopened", "clock.resumed"],
            *["tier.left", "tier.entered", "round.started", "tier.first_work", "clock.missed", "clock.met", *ENDS],
        ],
        [*[ANA] * 5, *[BOB] * 5, "person:cleo by mail: accepted"],
        ["closed"],
    ),
    "a-clock-stands-still-in-maintenance": Content(
        [
            *["ticket.opened", "ticket.admitted", "clock.started", "tier.entered", "round.started"],
            *["maintenance.known", "maintenance.began", "clock.paused", "clock.resumed", "maintenance.ended"],
            *["round.started", "clock.warned", "ticket.snoozed", "tier.first_work", "clock.breached", "clock.missed"],
            *ENDS,
        ],
        [ANA] * 4,
        ["closed"],
    ),
    "calendars-are-worked-out-further": Content(
        [
            *["ticket.opened", "ticket.admitted", "clock.started", "ticket.pending", "tier.entered", "clock.paused"],
            *["ticket.pending", "calendar.extended", "pending.ended", "round.started", "clock.resumed"],
            *["clock.warned", "clock.breached", "tier.first_work", "clock.missed", *ENDS],
        ],
        [ANA] * 3,
        ["continued_as_new", "closed"],
    ),
    "a-clock-was-missed-before-it-arrived": Content(
        [
            *["ticket.opened", "ticket.admitted", "clock.started", "tier.entered", "round.started", "clock.breached"],
            *["escalate.refused", "tier.first_work", "clock.missed", *ENDS],
        ],
        [ANA] * 2,
        ["closed"],
    ),
}
BY_THE_NEWEST_RULES = ["a-clock-was-missed-before-it-arrived"]


def replayed(*options: str, seed: int) -> dict[str, str]:
    """What the replay of every history said, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.upgrade.replay", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])  # the SDK's own warnings come before
    return found


def test_every_scenario_is_recorded() -> None:
    assert histories.names() == sorted(SCENARIOS) == sorted(CONTENT)


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_a_recording_holds_what_its_name_says(name: str) -> None:
    recorded, expected = histories.read(name), CONTENT[name]
    assert recorded.entries() == expected.entries
    assert Counter(recorded.receipts()) == Counter(expected.receipts)
    ends = [" ".join(result.split()[:2]) for result in recorded.results()]
    # How many runs a chain has depends on when a server suggests the next one; that it is one does not.
    assert list(dict.fromkeys(ends)) == expected.results


def test_the_recorded_digest_stayed_in_one_run_that_was_long_and_told_both_tickets() -> None:
    runs = histories.read("a-digest-is-joined-often-before-it-leaves").runs
    [digest] = [run for run in runs if run.workflow_id.startswith("digest/")]
    events = digest.events
    assert events[-1].workflow_execution_completed_event_attributes.result.payloads[0].data == b"2"
    long = [n for n, event in enumerate(events) if event.workflow_task_started_event_attributes.suggest_continue_as_new]
    [left] = [n for n, event in enumerate(events) if event.HasField("timer_fired_event_attributes")]
    assert long[0] < left
    called = [event.activity_task_scheduled_event_attributes.activity_type.name for event in events]
    assert [name for name in called if name] == ["send_digest", "report_digest"]


def test_the_recorded_digest_heard_of_an_earlier_time_and_told_its_ticket_before_it_sent_what_was_due() -> None:
    runs = histories.read("a-digest-keeps-to-the-later-time-and-tells-before-it-waits-on").runs
    [digest] = [run for run in runs if run.workflow_id.startswith("digest/")]
    called = [event.activity_task_scheduled_event_attributes.activity_type.name for event in digest.events]
    signals = [
        n for n, event in enumerate(digest.events) if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert called.index("send_digest") < signals[1]
    # Put off, told, and only then the other one, whose time had come before its tickets were told.
    sent_and_told = ["send_digest", "report_digest"]
    assert [name for name in called if name] == ["send_digest", *sent_and_told, *sent_and_told]
    timers = [event for event in digest.events if event.HasField("timer_started_event_attributes")]
    assert len(timers) == 2


@pytest.mark.parametrize("name", BY_THE_NEWEST_RULES)
def test_the_newest_rules_are_recorded_too(name: str) -> None:
    assert histories.read(name).engines() == {ENGINE}


@pytest.mark.parametrize("seed", [0, 4242])
def test_recorded_tickets_replay_on_todays_code_whatever_the_hash_seed(seed: int) -> None:
    found = replayed(seed=seed)
    assert len(found) >= len(CONTENT) + 4
    assert {run: failure for run, failure in found.items() if failure} == {}


def test_a_changed_workflow_fails_every_replay_of_a_ticket() -> None:
    found = replayed("--changed", seed=0)
    fine = {run for run, failure in found.items() if "NondeterminismError" not in failure}
    assert fine == {run for run in found if run.endswith((" step", " digest"))} != set()
