"""Named scenarios whose timelines are kept as files: replay does not notice a changed duration, these do."""

from __future__ import annotations

from collections.abc import Callable

from escalade.engine import MergedHere, Opened
from escalade.engine.events import DeliveryFailed
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Severity, Ticket
from escalade.time.durations import format_duration

SCENARIOS: dict[str, Callable[[], Climb]] = {}


def scenario(make: Callable[[], Climb]) -> Callable[[], Climb]:
    """A named scenario."""
    SCENARIOS[make.__name__.replace("_", "-")] = make
    return make


def tier(name: str, *page: str, **more: object) -> dict[str, object]:
    return {"name": name, "page": list(page), "acknowledge_within": "30m", **more}


TWO = policy(
    tier("primary", "person:ana", repeat_every="10m", resolve_within="1h"),
    tier("backup", "person:bob", repeat_every="10m", resolve_within="2h"),
)
PEOPLE = roster("ana", "bob", "cyd", "dan")


@scenario
def acknowledged_and_resolved() -> Climb:
    climb = Climb(TWO, PEOPLE)
    climb.forward(minutes=12)
    climb.does("ana", "acknowledge", comment="on it")
    climb.does("ana", "status", status="mitigating")
    climb.forward(minutes=20)
    climb.does("ana", "resolve", comment="restarted")
    climb.forward(days=4)
    return climb


@scenario
def nobody_answers_to_the_end() -> Climb:
    pinned = policy(*[tier(t.name, *t.page) for t in TWO.tiers], again={"from": "backup", "times": 1})
    climb = Climb(pinned, PEOPLE)
    climb.forward(hours=2)
    return climb


@scenario
def barren_ladder_waits_longer_each_time() -> Climb:
    ghost = person(methods=())
    pinned = policy(tier("primary", "person:ghost"), again={"from": "primary", "times": "forever"})
    climb = Climb(pinned, roster("ana", ghost=ghost))
    climb.forward(minutes=20)
    climb.does("ana", "acknowledge")
    return climb


@scenario
def quorum_of_two() -> Climb:
    people = ("person:ana", "person:bob", "person:cyd")
    climb = Climb(policy(tier("primary", *people, acknowledge_by=2, repeat_every="10m")), PEOPLE)
    climb.does("dan", "acknowledge")
    climb.forward(minutes=5)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=10)
    climb.does("bob", "acknowledge")
    climb.does("cyd", "acknowledge")
    return climb


@scenario
def acknowledgement_expires() -> Climb:
    climb = Climb(policy(tier("primary", "person:ana", acknowledgement_lasts="30m")), PEOPLE)
    climb.forward(minutes=3)
    climb.does("ana", "acknowledge")
    climb.forward(hours=1)
    return climb


@scenario
def resolve_limit_passes() -> Climb:
    climb = Climb(TWO, PEOPLE)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=61)
    climb.does("bob", "acknowledge")
    return climb


@scenario
def deliveries_fail() -> Climb:
    ana = person(methods=("mail", "sms"))
    climb = Climb(TWO, roster("bob", ana=ana), delivers=lambda target, plan, at: plan.method != "mail" or at > START)
    climb.forward(minutes=11)
    climb.happens(DeliveryFailed(target="person:ana", method="sms", detail="number unknown"))
    climb.delivers = lambda target, plan, at: False
    climb.forward(minutes=10)
    return climb


@scenario
def snoozed_and_pending() -> Climb:
    climb = Climb(TWO, PEOPLE)
    climb.forward(minutes=5)
    climb.does("ana", "snooze", **{"for": "1h"})
    climb.forward(minutes=70)
    climb.does("ana", "acknowledge")
    climb.does("ana", "pending", on="vendor", **{"for": "2d"})
    climb.forward(days=1)
    climb.does("bob", "resume", comment="they answered")
    climb.forward(hours=1)
    return climb


@scenario
def severity_raised_and_lowered() -> Climb:
    limits = {"sev1": "10m", "default": "1h"}
    tiers = tier("primary", "person:ana", acknowledge_within=limits), tier("backup", "person:bob")
    climb = Climb(policy(*tiers, start_at={"sev2": "backup"}), PEOPLE)
    climb.forward(minutes=4)
    climb.does("ana", "severity", severity="sev1", reason="many customers")
    climb.does("ana", "severity", severity="sev4", reason="only one")
    climb.hears("monitor", "severity", severity="sev2")
    return climb


@scenario
def moved_up_and_down() -> Climb:
    climb = Climb(TWO, PEOPLE)
    climb.does("dan", "follow")
    climb.does("ana", "escalate", reason="a database matter")
    climb.does("bob", "escalate", reason="late click", rung=1)
    climb.forward(minutes=5)
    climb.does("bob", "return", reason="not for us")
    climb.does("ana", "reassign", to="cyd", reason="she wrote it")
    climb.does("cyd", "respond", who="dan", reason="needs a dba")
    climb.hears("rules", "escalate", to="primary", reason="keyword")
    return climb


@scenario
def worker_was_away() -> Climb:
    climb = Climb(TWO, PEOPLE)
    climb.sleep(hours=6)
    climb.forward(minutes=31)
    return climb


@scenario
def repeated_merged_and_closed() -> Climb:
    climb = Climb(TWO, PEOPLE, Ticket(title="db down", source="alertmanager"))
    for severity in (Severity.SEV3, Severity.SEV2):
        climb.happens(Opened(ticket=Ticket(title="db down", source="alertmanager", severity=severity)))
    climb.happens(MergedHere(key="bbbbbbbbbb", title="db slow", severity=Severity.SEV2, followers=["person:cyd"]))
    climb.hears("alertmanager", "resolve")
    climb.hears("alertmanager", "resolve")
    climb.forward(hours=1)
    climb.happens(Opened(ticket=Ticket(title="db down", source="alertmanager")))
    climb.does("ana", "resolve", close=True)
    climb.does("ana", "note", text="too late")
    return climb


def rendered(climb: Climb) -> str:
    """The timeline, and what comes next."""
    return "\n".join([*climb.timeline(), f"-- after {format_duration(climb.now - START)}: {climb.state.status}", ""])
