"""Named scenarios with clocks: what warns, stands still, is missed and taken up again, kept as timelines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from escalade.maintenance.window import MaintenanceWindow, WindowSpec
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Severity, Ticket
from tests.engine.timelines import scenario

OFFICE = {"zone": "Europe/Paris", "hours": {"monday-friday": "09:00-12:30, 13:30-18:00"}, "holidays": ["2026-03-04"]}
QUIET: dict[str, Any] = {"name": "desk", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "90d"}
EXPERTS = {**QUIET, "name": "experts", "page": ["person:bob"], "clock": {"target": "2h", "calendar": "office"}}


def ticket_with(clocks: dict[str, Any], *windows: MaintenanceWindow, severity: Severity = Severity.SEV3) -> Climb:
    """A ticket that waits for nobody but its clocks."""
    calendars = {"office": OFFICE}
    pinned = policy(QUIET, EXPERTS, calendars=calendars, clocks=clocks)
    ticket = Ticket(title="invoice wrong", service="shop", severity=severity)
    return Climb(pinned, roster("ana", "bob", "cyd"), ticket, windows=windows, calendars=calendars)


def office(target: Any, **more: Any) -> dict[str, Any]:
    return {"calendar": "office", "target": target, **more}


@scenario
def clocks_warn_and_a_breach_climbs() -> Climb:
    on = {
        "75%": [{"ask_owner": "Do you need help?"}],
        "breach": [{"raise_severity": "sev2"}, {"climb": "experts"}, {"notify": ["followers", "person:cyd"]}],
    }
    clocks = {"first_response": office("1h", warn_at=[50]), "resolution": office("8h", warn_at=["-4h"], on=on)}
    climb = ticket_with(clocks)
    climb.does("cyd", "follow")
    climb.forward(minutes=45)
    climb.does("ana", "acknowledge")
    climb.does("ana", "reply", text="we look at it")
    climb.forward(days=3)
    return climb


@scenario
def clocks_stand_still_and_go_on_with_what_was_left() -> Climb:
    times = {"start": START + timedelta(hours=2), "lasts": timedelta(hours=1)}
    window = WindowSpec.model_validate({"match": {"service": "shop"}, "reason": "new release", **times})
    stands = {"pause_on": ["pending:customer", "snoozed", "maintenance"]}
    clocks = {"resolution": office("4h", warn_at=[50, 90], **stands), "first_response": office("2bd", warn_at=["-1bd"])}
    climb = ticket_with(clocks, MaintenanceWindow(id="release", spec=window, source="command"))
    climb.forward(minutes=30)
    climb.does("ana", "pending", on="customer", **{"for": "1d"})
    climb.forward(minutes=30)
    climb.hears("mail", "message", text="here are the logs")
    climb.forward(minutes=30)
    climb.does("ana", "pending", on="vendor", **{"for": "20m"})
    climb.forward(hours=3)
    climb.does("ana", "snooze", **{"for": "18h"})
    climb.forward(days=4)
    return climb


def _reopened(choice: str) -> Climb:
    clocks = {"first_response": office("3h"), "update": office("1h"), "resolution": office("4h", warn_at=[75])}
    climb = ticket_with({**clocks, "on_reopen": choice})
    climb.forward(minutes=30)
    climb.hears("mail", "message", text="it still fails")
    climb.forward(minutes=40)
    climb.does("ana", "resolve", comment="restarted")
    climb.forward(hours=23)
    climb.does("bob", "reopen", reason="it fails again")
    climb.forward(minutes=45)
    climb.does("ana", "reply", text="sorry; we look deeper")
    climb.forward(days=2)
    return climb


@scenario
def clocks_of_a_reopened_ticket_resume() -> Climb:
    return _reopened("resume")


@scenario
def clocks_of_a_reopened_ticket_restart() -> Climb:
    return _reopened("restart")


@scenario
def clocks_of_a_reopened_ticket_keep_their_result() -> Climb:
    return _reopened("keep")


@scenario
def clocks_follow_the_severity() -> Climb:
    target = {"sev1": "1h", "sev3": "8h", "sev5": "never", "default": "4h"}
    climb = ticket_with({"resolution": office(target, warn_at=[50])})
    climb.forward(minutes=90)
    climb.does("ana", "severity", severity="sev2", reason="more customers")
    climb.forward(hours=2)
    climb.does("ana", "severity", severity="sev5", reason="only one")
    climb.forward(days=1)
    climb.does("ana", "severity", severity="sev3", reason="several after all")
    climb.forward(minutes=10)
    climb.does("bob", "severity", severity="sev1", reason="everybody")
    climb.forward(hours=1)
    return climb


@scenario
def clocks_hear_of_answers_late() -> Climb:
    climb = ticket_with({"first_response": office("30m"), "update": {"target": "1h", "warn_at": [50]}})
    climb.forward(minutes=40)
    climb.hears("mail", "message", text="second question", at=START + timedelta(minutes=35))
    climb.hears("mail", "message", text="first question", at=START + timedelta(minutes=5))
    climb.does("ana", "reply", text="by phone", at=START + timedelta(minutes=20))
    climb.forward(hours=1)
    climb.does("ana", "reply", text="by mail")
    climb.hears("mail", "reply", text="sent by bob", at=START + timedelta(minutes=50))
    return climb


@scenario
def clock_of_a_tier_is_judged_when_it_is_left() -> Climb:
    climb = ticket_with({})
    climb.forward(hours=1)
    climb.does("ana", "escalate", reason="a database matter")
    climb.forward(hours=3, minutes=10)
    climb.does("bob", "return", reason="not for us")
    climb.does("ana", "escalate", reason="it is")
    climb.forward(hours=1)
    climb.does("bob", "resolve")
    return climb
