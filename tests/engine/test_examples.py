"""The ladders that ship as examples, driven to their end: the numbers are those of the requirements (B2 and D2)."""

# ruff: noqa: N802 - tests are named by the ids of what they hold

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from activities.channels import CHANNELS
from configuration.loading import load
from configuration.model import Configuration
from escalade.testing import START, Climb
from escalade.ticket import Severity, Ticket
from escalade.time.budgets import parse_budget

EXAMPLES = Path(__file__).parents[2] / "examples"
SMS_AND_CHAT = {"sms", "chat"}
ALL_THREE = {"sms", "chat", "email"}


@cache
def examples() -> Configuration:
    return load(EXAMPLES, env={}, channels=CHANNELS, steps={})


def opened(policy: str, severity: Severity, start: datetime = START) -> Climb:
    known = examples()
    ticket = Ticket(title="db down", severity=severity)
    return Climb(known.pinned(policy, at=start), known.roster, ticket, start=start)


def entered(climb: Climb) -> list[tuple[str, float]]:
    """Where it was, and since which minute."""
    since = climb.state.opened_at
    return [(e.data["tier"], (e.at - since).total_seconds() / 60) for e in climb.noted("tier.entered")]


def methods(climb: Climb, target: str, minute: float) -> set[str]:
    return {page.method for page in climb.pages_of(target) if climb.minute(page) == minute}


# -- B2 -------------------------------------------------------------------------------------------------------------


def test_B2_the_one_on_duty_is_told_at_once_by_text_and_chat_and_again_every_five_minutes() -> None:
    climb = opened("ladder", Severity.SEV1)
    climb.forward(minutes=19)
    assert {page.target for page in climb.pages} == {"person:bruno"}
    assert sorted(set(climb.minutes_of("person:bruno"))) == [0, 5, 10, 15]
    assert methods(climb, "person:bruno", 0) == SMS_AND_CHAT


@pytest.mark.parametrize(("severity", "minute"), [(Severity.SEV1, 5 + 15), (Severity.SEV3, 10 + 20)])
def test_B2_then_backup_and_seniors_by_text_chat_and_email(severity: Severity, minute: int) -> None:
    climb = opened("ladder", severity)
    climb.forward(minutes=minute)
    for who in ("david", "elena", "farid"):
        assert methods(climb, f"person:{who}", minute) == ALL_THREE
    assert {page.target for page in climb.pages if climb.minute(page) < minute} == {"person:bruno"}


@pytest.mark.parametrize(("severity", "minute"), [(Severity.SEV1, 20 + 30), (Severity.SEV3, 30 + 60)])
def test_B2_then_tech_lead_management_and_the_major_incident_channel(severity: Severity, minute: int) -> None:
    climb = opened("ladder", severity)
    climb.forward(minutes=minute)
    told = {page.target for page in climb.pages if climb.minute(page) == minute}
    assert told == {"person:grace", "person:ines", "person:cto", "channel:major-incident"}


@pytest.mark.parametrize(("severity", "lasts"), [(Severity.SEV1, 15), (Severity.SEV3, 20)])
def test_B2_an_acknowledgement_without_action_climbs_too(severity: Severity, lasts: int) -> None:
    climb = opened("ladder", severity)
    climb.forward(minutes=4)
    climb.does("bruno", "acknowledge")
    climb.forward(minutes=lasts)
    assert entered(climb) == [("primary", 0), ("backup", 4 + lasts)]


def test_B2_an_acknowledgement_with_action_climbs_only_when_it_is_not_resolved() -> None:
    climb = opened("ladder", Severity.SEV1)
    climb.forward(minutes=4)
    climb.does("bruno", "acknowledge")
    for _ in range(2):
        climb.forward(minutes=14)
        climb.does("bruno", "note", text="on it")
    climb.forward(minutes=2)
    assert entered(climb) == [("primary", 0), ("backup", 4 + 30)]


def test_B2_an_acknowledgement_by_the_backup_buys_no_time() -> None:
    climb = opened("ladder", Severity.SEV1)
    climb.forward(minutes=25)
    climb.does("david", "acknowledge")
    climb.forward(minutes=25)
    assert entered(climb)[-1] == ("leadership", 50)


def test_B2_to_its_end_nobody_answering() -> None:
    climb = opened("ladder", Severity.SEV1)
    climb.forward(hours=4)
    assert entered(climb) == [
        *[("primary", 0), ("backup", 20), ("leadership", 50)],
        *[("backup", 80), ("leadership", 110), ("backup", 140), ("leadership", 170)],
        ("catch-all", 200),
    ]
    assert {page.target for page in climb.pages if page.purpose == "catch_all"} == {"person:grace", "person:ines"}


# -- D2 -------------------------------------------------------------------------------------------------------------

ROWS = [
    ("agent", 0, 15),
    ("team-lead", 15, 60),
    ("service-manager", 75, 4 * 60),
    ("director", 315, 12 * 60),
]
"""Tier, minute at which it is reached, minutes it has; the executive works by the calendar of the office."""
NAMES = [*[name for name, _, _ in ROWS], "executive"]


def test_D2_every_row_has_its_limit_its_reason_and_its_first_action() -> None:
    tiers = examples().pinned("matrix", at=START).tiers
    assert [tier.name for tier in tiers] == NAMES
    limits = [*[timedelta(minutes=limit) for _, _, limit in ROWS], parse_budget("2bd")]
    for tier, limit in zip(tiers, limits, strict=True):
        assert {times.acknowledge_within for times in tier.times.values()} == {limit}
        assert tier.reason
        assert tier.first_action
        assert tier.role


@pytest.mark.parametrize("severity", list(Severity))
def test_D2_to_its_end_nobody_answering(severity: Severity) -> None:
    climb = opened("matrix", severity)  # on a Monday, at 10:00 in Paris
    climb.forward(days=5)
    # The executive is reached on Tuesday at 03:15, paged when the office opens, and has until Thursday at 09:00.
    assert entered(climb) == [*[(name, since) for name, since, _ in ROWS], ("executive", 1035), ("catch-all", 71 * 60)]
    assert climb.minutes_of("person:ceo")[0] == 23 * 60


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo("Europe/Paris"))  # type: ignore[arg-type, misc]


def test_D2_over_a_weekend_a_change_of_the_clocks_and_a_holiday() -> None:
    # Friday 27 March 2026, 17:00. The clocks go forward on Sunday; Easter Monday is a week later.
    climb = opened("matrix", Severity.SEV3, at(2026, 3, 27, 17))
    climb.forward(days=6)
    where = [(entry.data["tier"], entry.at) for entry in climb.noted("tier.entered")]
    assert where[4] == ("executive", at(2026, 3, 28, 10, 15))
    assert climb.pages_of("person:ceo")[0].at == at(2026, 3, 30, 9)
    assert where[5] == ("catch-all", at(2026, 4, 1, 9))
    easter = opened("matrix", Severity.SEV3, at(2026, 4, 2, 17))
    easter.forward(days=8)
    where = [(entry.data["tier"], entry.at) for entry in easter.noted("tier.entered")]
    # Thursday evening to Friday morning in four tiers; Good Friday is no holiday in France, Easter Monday is.
    assert where[4] == ("executive", at(2026, 4, 3, 10, 15))
    assert where[5] == ("catch-all", at(2026, 4, 8, 10, 15))


def test_D2_agents_are_called_one_at_a_time() -> None:
    climb = opened("matrix", Severity.SEV3)
    climb.forward(minutes=14)
    first = {page.target: climb.minute(page) for page in reversed(climb.pages)}
    assert first == {"person:bruno": 0, "person:chloe": 5, "person:elena": 10}


def test_D2_acknowledged_and_not_resolved_in_the_rows_time_it_goes_up_all_the_same() -> None:
    climb = opened("matrix", Severity.SEV3)
    for who, (_, _, limit) in zip(("bruno", "grace", "hugo", "ines"), ROWS, strict=True):
        climb.forward(minutes=limit - 1)
        climb.does(who, "acknowledge")
        climb.forward(minutes=1)
    climb.does("ceo", "acknowledge")
    climb.forward(days=3)
    assert [name for name, _ in entered(climb)] == [*NAMES, "catch-all"]


def test_D2_resolved_in_the_rows_time_nobody_else_is_told() -> None:
    climb = opened("matrix", Severity.SEV3)
    climb.forward(minutes=14)
    climb.does("chloe", "acknowledge")
    climb.does("chloe", "resolve")
    climb.forward(days=7)
    assert {page.target for page in climb.pages} == {"person:bruno", "person:chloe", "person:elena"}
