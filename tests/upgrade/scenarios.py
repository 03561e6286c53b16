"""The scenarios whose histories are kept: what happens in the life of a ticket, once each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.contracts import digest_workflow_id
from activities.digesting import signal_with_start
from escalade.maintenance.window import WindowSpec
from escalade.messages.activities import DigestDue
from escalade.ticket import Actor
from tests.tower import Climber, Tower
from worker.maintenance import tell_tickets

Play = Callable[[Tower], Awaitable[list[Climber]]]

ONE = {
    "name": "one",
    "page": ["person:ana"],
    "acknowledge_within": {"sev1": "15m", "default": "30m"},
    "repeat_every": "10m",
    "resolve_within": "1h",
}
TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "15m", "resolve_within": "1h"}
STEP = {"use": "notify", "with": {"to": ["person:cleo"], "text": "a ticket is here"}}


@dataclass(frozen=True)
class Scenario:
    """A life of a ticket, or of two, on a ladder."""

    play: Play
    tiers: list[dict[str, Any]] = field(default_factory=lambda: [ONE, TWO])
    policy: dict[str, Any] = field(default_factory=dict)
    hasty: bool = False
    """On a server that suggests continue-as-new all the time."""
    calendars: dict[str, dict[str, Any]] = field(default_factory=dict)
    """As people write them, by name."""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Whole entries of the roster, beside those of every scenario."""


SCENARIOS: dict[str, Scenario] = {}


def scenario(**more: Any) -> Callable[[Play], Play]:
    """Keep the histories of this one."""

    def keep(play: Play) -> Play:
        SCENARIOS[play.__name__.replace("_", "-")] = Scenario(play, **more)
        return play

    return keep


async def _closed(ticket: Climber, who: str = "ana") -> None:
    await ticket.does(who, "resolve", close=True)
    await ticket.handle.result()


@scenario()
async def opened_acknowledged_resolved_closed(there: Tower) -> list[Climber]:
    ticket = await there.open("db down", severity="sev1", service="payments", tags=["db"])
    await ticket.does("ana", "acknowledge", comment="on it")
    await ticket.does("ana", "status", status="mitigating")
    await ticket.does("ana", "resolve", comment="restarted")
    await ticket.forward(days=3, seconds=1)
    await ticket.handle.result()
    return [ticket]


@scenario(policy={"again": {"from": "two", "times": 1}})
async def climbs_with_repeats_to_the_catch_all(there: Tower) -> list[Climber]:
    ticket = await there.open("nobody answers")
    for minutes in (10, 10, 10, 15, 15):
        await ticket.forward(minutes=minutes)
    await _closed(ticket, "bob")
    return [ticket]


@scenario()
async def a_failed_channel_falls_over(there: Tower) -> list[Climber]:
    there.post.refuses = lambda address: address == "ana/mail"
    ticket = await there.open("mail is down")
    there.post.refuses = lambda address: address.startswith("ana/")
    await ticket.forward(minutes=10)
    await _closed(ticket, "bob")
    return [ticket]


@scenario()
async def snoozed_pending_and_resumed(there: Tower) -> list[Climber]:
    ticket = await there.open("later")
    await ticket.does("ana", "snooze", **{"for": timedelta(minutes=20)})
    await ticket.forward(minutes=20, seconds=1)
    await ticket.does("ana", "pending", on="vendor", **{"for": timedelta(days=2)})
    await ticket.forward(hours=1, seconds=1)
    await ticket.does("bob", "resume", comment="they answered")
    await ticket.settled()
    await _closed(ticket)
    return [ticket]


@scenario()
async def reopened(there: Tower) -> list[Climber]:
    ticket = await there.open("it comes back")
    await ticket.does("ana", "resolve")
    await ticket.does("bob", "reopen", reason="not solved")
    await ticket.settled()
    await ticket.does("ana", "acknowledge")
    await ticket.forward(hours=1, seconds=1)
    await _closed(ticket, "bob")
    return [ticket]


@scenario()
async def severity_changed(there: Tower) -> list[Climber]:
    ticket = await there.open("getting worse")
    await ticket.forward(minutes=14)
    await ticket.does("ana", "severity", severity="sev1", reason="many customers")
    await ticket.forward(minutes=1, seconds=1)
    await ticket.does("bob", "severity", severity="sev4", reason="only one")
    await ticket.does("bob", "return", reason="not for us")
    await ticket.settled()
    await _closed(ticket)
    return [ticket]


@scenario()
async def merged(there: Tower) -> list[Climber]:
    goal = await there.open("the cause", dedupe_key="cause")
    same = await there.open("a symptom", severity="sev1", dedupe_key="symptom")
    await same.does("cleo", "follow")
    await same.does("ana", "merge", into=goal.key)
    await same.handle.result()
    await goal.settled()
    await _closed(goal)
    return [goal, same]


@scenario(tiers=[{**ONE, "steps": [STEP]}, TWO])
async def steps_run(there: Tower) -> list[Climber]:
    ticket = await there.open_with_steps("with a step")
    async with asyncio.timeout(20):
        while "step.done" not in ticket.kinds():
            await asyncio.sleep(0.02)
    await _closed(ticket)
    step = Climber(there, ticket.key)
    children = [
        e.child_workflow_execution_started_event_attributes for e in (await ticket.handle.fetch_history()).events
    ]
    [child] = [child.workflow_execution.workflow_id for child in children if child.workflow_execution.workflow_id]
    step.handle = there.client.get_workflow_handle(child)
    return [ticket, step]


@scenario(hasty=True)
async def a_chain_of_continued_runs(there: Tower) -> list[Climber]:
    ticket = await there.open("long")
    for n in range(3):
        await ticket.does("ana", "note", text=f"note {n}")
        await ticket.settled()
    await ticket.forward(minutes=31)
    await ticket.does("bob", "acknowledge", event_id="once")
    await ticket.settled()
    await ticket.does("bob", "acknowledge", event_id="once")
    await _closed(ticket, "bob")
    return [ticket]


@scenario()
async def malformed_signals(there: Tower) -> list[Climber]:
    ticket = await there.open("nonsense")
    nonsense: list[list[Any]] = [[], [None, "more"], [{"by": 7}], [b"\xff\xfe"], [{"severity": "catastrophic"}]]
    for name in ("severity", "no_such_signal", "step_outcome"):
        for arguments in nonsense:
            await ticket.handle.signal(name, args=arguments)
    await ticket.does("ana", "note", text="still here")
    await _closed(ticket)
    return [ticket]


@scenario()
async def opened_under_another_id(there: Tower) -> list[Climber]:
    """Kept as it was recorded before such tickets were forwarded; today it would be two workflows."""
    ticket = Climber(there, "outage-42")
    with there.time.standing():
        ticket.handle = await there.client.start_workflow(
            "TicketWorkflow", {"title": "db down"}, id="outage-42", task_queue="escalade-tickets"
        )
    await ticket.settled()
    await ticket.forward(minutes=10)
    await ticket.handle.signal("resolve", {"by": "nagios", "close": True, "event_id": "over"})
    await ticket.handle.result()
    return [ticket]


def _digests_of(there: Tower, target: str) -> tuple[Climber, list[DigestDue]]:
    """The workflow of somebody's digests, and the digests that it is started for, in a time that stands still."""
    digest, dues = Climber(there, ""), list[DigestDue]()
    digest.handle = there.client.get_workflow_handle(digest_workflow_id(target))

    async def start(due: DigestDue) -> None:
        dues.append(due)
        with there.time.standing():
            await signal_with_start(due)

    there.activities.digests.start = start
    return digest, dues


DORA = {
    "methods": {"mail": {"channel": "mail", "address": "dora/mail"}},
    "capacity": {"digest": {"above": 0, "per": "1h", "every": "10m"}},
}


@scenario(
    tiers=[{"name": "one", "page": ["person:dora"], "acknowledge_within": "3h"}], people={"dora": DORA}, hasty=True
)
async def a_digest_is_joined_often_before_it_leaves(there: Tower) -> list[Climber]:
    """Kept as it was recorded before digests went on in new runs; today it would be several."""
    digest, dues = _digests_of(there, "person:dora")
    tickets = [await there.open(f"collected {n}", severity="sev3") for n in range(2)]
    for _ in range(6):
        await digest.handle.signal("joined", dues[0])
        await there.time.forward(digest.handle, timedelta(minutes=1))
    await there.time.forward(digest.handle, timedelta(minutes=5))
    await digest.handle.result()
    for ticket in tickets:
        async with asyncio.timeout(30):
            while "page.accepted" not in ticket.kinds():
                await asyncio.sleep(0.02)
        await _closed(ticket, "dora")
    return [*tickets, digest]


ERNA = {
    "methods": {"mail": {"channel": "mail", "address": "erna/mail"}},
    "capacity": {"limits": [{"pages": 1, "per": "1h"}], "digest": {"above": 0, "per": "1h", "every": "10m"}},
}


@scenario(tiers=[{"name": "one", "page": ["person:erna"], "acknowledge_within": "3h"}], people={"erna": ERNA})
async def a_digest_keeps_to_the_later_time_and_tells_before_it_waits_on(there: Tower) -> list[Climber]:
    """Kept as it was recorded before the earliest time that was said counted, and before tickets were told beside."""
    digest, dues = _digests_of(there, "person:erna")
    # The first takes the hour's only page, so that the digest of the second has no room.
    tickets = [await there.open("paged", severity="sev1"), await there.open("collected", severity="sev3")]
    await there.time.forward(digest.handle, timedelta(minutes=11))
    await digest.handle.signal("joined", dues[0])
    put_off = there.store.digest(dues[0].digest_id)
    assert put_off is not None
    # Due a moment later: while the tickets of the first are told.
    later = put_off.leaves_at + timedelta(milliseconds=1)
    await digest.handle.signal("joined", DigestDue(target="person:erna", digest_id="another", leaves_at=later))
    await there.time.forward(digest.handle, timedelta(minutes=10))
    await there.time.forward(digest.handle, timedelta(hours=1))
    await digest.handle.result()
    async with asyncio.timeout(30):
        while "page.accepted" not in tickets[1].kinds():
            await asyncio.sleep(0.02)
    for ticket in tickets:
        await _closed(ticket, "erna")
    return [*tickets, digest]


# -- engine 3: clocks -----------------------------------------------------------------------------------------------

QUIET = {"name": "one", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "60d"}
DESK = {**QUIET, "calendar": "desk"}
EXPERTS = {
    **QUIET,
    "name": "two",
    "page": ["person:bob"],
    "clock": {"target": "2h", "warn_at": [50], "calendar": "desk"},
}
EVERY_DAY: dict[str, dict[str, Any]] = {
    "desk": {"calendar": "desk", "zone": "Europe/Paris", "hours": {"every day": "00:00-24:00"}}
}
"""Open all the time, so that it does not matter on which day it is recorded."""
CLOCKS: dict[str, dict[str, Any]] = {
    "first_response": {"target": "1h", "warn_at": [50]},
    "update": {"target": "30m", "calendar": "desk"},
    "resolution": {
        "target": "6h",
        "warn_at": ["-1h"],
        "calendar": "desk",
        "pause_on": ["pending", "maintenance"],
        "on": {"breach": [{"raise_severity": "sev2"}, {"climb": "next"}, {"notify": ["person:cleo"]}]},
    },
}


@scenario(tiers=[DESK, EXPERTS], policy={"clocks": CLOCKS}, calendars=EVERY_DAY)
async def clocks_warn_stand_still_and_climb(there: Tower) -> list[Climber]:
    ticket = await there.open("invoice wrong")
    await ticket.forward(minutes=31)
    await ticket.does("ana", "reply", text="we look at it")
    await ticket.does("cleo", "message", text="and now?")
    await ticket.forward(minutes=31)
    await ticket.does("ana", "reply", text="still looking")
    await ticket.does("ana", "pending", on="customer", **{"for": timedelta(hours=3)})
    await ticket.forward(minutes=50)
    await ticket.does("cleo", "message", text="here are the logs")
    await ticket.does("ana", "reply", text="thank you")
    await ticket.forward(hours=5)
    await ticket.does("bob", "acknowledge")
    await ticket.forward(minutes=65)
    await ticket.does("bob", "resolve")
    await ticket.forward(minutes=10)
    await ticket.does("ana", "reopen", reason="not solved")
    await ticket.settled()
    await _closed(ticket, "bob")
    return [ticket]


@scenario(
    tiers=[QUIET], policy={"clocks": {"resolution": {"target": "2h", "warn_at": [50], "pause_on": ["maintenance"]}}}
)
async def a_clock_stands_still_in_maintenance(there: Tower) -> list[Climber]:
    ticket = await there.open("the shop is slow", service="shop")
    begin = datetime.now(UTC) + timedelta(minutes=30)
    window = WindowSpec.model_validate({"match": {"service": "shop"}, "start": begin, "lasts": timedelta(hours=1)})
    there.store.add_window("patching", window, by=Actor(kind="person", id="ana", via="test"))
    await tell_tickets(there.client, [ticket.key])
    await ticket.settled()
    await ticket.forward(hours=2, minutes=10)
    await ticket.does("ana", "snooze", **{"for": timedelta(hours=5)})
    await ticket.forward(hours=1)
    await _closed(ticket)
    return [ticket]


@scenario(
    tiers=[DESK],
    policy={"clocks": {"resolution": CLOCKS["resolution"] | {"on": {}}}, "pending_at_most": "2000d"},
    calendars=EVERY_DAY,
)
async def calendars_are_worked_out_further(there: Tower) -> list[Climber]:
    ticket = await there.open("for the next year but two", status="pending")
    await ticket.does("ana", "pending", on="vendor", **{"for": timedelta(days=1300)})
    await ticket.forward(days=1000)
    await ticket.forward(days=301)
    await _closed(ticket)
    return [ticket]


# -- engine 4: what a clock has to say before it is known who is paged ------------------------------------------------

EITHER = {**QUIET, "page": ["person:ana", "person:bob"], "how": "one_at_a_time"}


@scenario(tiers=[EITHER, TWO], policy={"clocks": {"first_response": {"target": "15m"}}})
async def a_clock_was_missed_before_it_arrived(there: Tower) -> list[Climber]:
    began = datetime.now(UTC) - timedelta(hours=1)
    ticket = await there.open("late already", opened_at=began, backdate=True)
    blank = {"by": {"kind": "person", "id": "ana", "via": "test"}, "reason": " "}
    await ticket.handle.signal("escalate", blank)
    await ticket.settled()
    await _closed(ticket)
    return [ticket]
