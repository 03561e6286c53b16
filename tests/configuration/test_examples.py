"""The shipped examples: they work at once, and they say what they promise to say."""

from __future__ import annotations

import base64
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.channels import CHANNELS as BUILT_IN
from configuration import Configuration, check, load
from escalade.people.roster import TARGET_KINDS, Target
from escalade.policy.pinned import LARGEST
from escalade.ticket import Severity, Ticket
from escalade.time.budgets import parse_budget
from tests.configuration.making import CHANNELS, EXAMPLES, write

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def examples() -> Configuration:
    return load(EXAMPLES, env={}, channels={"console": CHANNELS["console"]}, steps={})


def minutes(*numbers: int) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


def test_the_examples_are_good_without_any_environment() -> None:
    assert check(EXAMPLES, env={}, channels={"console": CHANNELS["console"]}, steps={}) == []


def test_what_is_commented_out_works_once_it_is_uncommented(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "escalade.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^  (sms|chat|email):\n    use: console\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^( *)# ( *(sms|chat|email|hook|watch):|  .*)$", r"\1\2", text, flags=re.MULTILINE)
    write(tmp_path, {"escalade.yaml": text})
    env = {
        "SMS_APPRISE_URL": f"twilio://AC{'a' * 32}:{'b' * 32}@+15551234567/{{address}}",
        "CHAT_APPRISE_URL": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/{address}",
        "SMTP_USERNAME": "escalade",
        "SMTP_PASSWORD": "secret",
        "HOOK_SECRET": "whsec_" + base64.b64encode(b"x" * 32).decode(),
        "HEARTBEAT_URL": "https://beat.example/1",
    }
    found = load(tmp_path, env=env, channels=BUILT_IN, steps={})
    kinds = {name: channel.use for name, channel in found.channels.items()}
    assert kinds == {"sms": "apprise", "chat": "apprise", "email": "smtp", "hook": "webhook"}
    assert found.watch.canary_every == timedelta(minutes=15)
    assert found.warnings == ()


def test_every_example_policy_compiles_small(examples: Configuration) -> None:
    assert [spec.policy for spec in examples.policies] == ["canary", "ladder", "matrix", "payments"]
    for spec in examples.policies:
        assert len(examples.pinned(spec.policy, at=AT).model_dump_json()) < LARGEST


def test_everybody_and_every_place_of_the_examples_can_be_told(examples: Configuration) -> None:
    everybody = [Target(kind, name) for kind in TARGET_KINDS for name in examples.roster.names(kind)]
    assert len(everybody) > 20
    assert all(examples.roster.deliverable(target) for target in everybody)


def test_the_matrix_has_its_five_rows_with_reason_and_first_action(examples: Configuration) -> None:
    matrix = examples.pinned("matrix", at=AT)
    assert examples.default_policy == "matrix"
    assert [tier.name for tier in matrix.tiers] == ["agent", "team-lead", "service-manager", "director", "executive"]
    limits = [*minutes(15, 60, 240, 720), parse_budget("2bd")]
    for severity in Severity:
        assert [tier.times[severity].acknowledge_within for tier in matrix.tiers] == limits
        assert [tier.times[severity].resolve_within for tier in matrix.tiers] == limits
    assert [tier.calendar for tier in matrix.tiers] == ["", "", "", "", "paris-office"]
    assert all(tier.reason and tier.first_action and tier.resolve_from_entry for tier in matrix.tiers)
    actions = " ".join(tier.first_action for tier in matrix.tiers)
    assert all(word in actions for word in ("compensation", "Apologise officially", "action plan"))


def test_the_ladder_says_what_its_words_say(examples: Configuration) -> None:
    primary, backup, leadership = examples.pinned("ladder").tiers
    for severity, ack, more, unresolved in ((Severity.SEV1, 5, 15, 30), (Severity.SEV3, 10, 20, 60)):
        first, second = primary.times[severity], backup.times[severity]
        assert [first.repeat_every, first.acknowledge_within] == minutes(ack, ack + more)
        assert [first.acknowledgement_lasts] == minutes(more)
        assert [second.acknowledge_within, second.resolve_within] == minutes(unresolved, unresolved)
    assert primary.expiry_climbs
    assert backup.resolve_from_entry
    assert backup.page == ["schedule:platform-backup", "team:sre-seniors"]
    assert leadership.page == ["person:grace", "team:management", "channel:major-incident"]


def test_the_ladder_reaches_people_by_the_channels_its_words_name(examples: Configuration) -> None:
    roster = examples.roster
    at_once = {
        name: {rule.use for rule in person.contact_rules() if not rule.after} for name, person in roster.people.items()
    }
    rotations = {name: schedule.rotation for name, schedule in roster.schedules.items() if schedule.rotation}
    for name in rotations["platform-primary"].members:
        assert at_once[str(name)] == {"sms", "chat"}
    for name in [*rotations["platform-backup"].members, *roster.teams["sre-seniors"].members]:
        assert at_once[str(name)] == {"sms", "chat", "email"}


def test_payments_is_the_policy_of_the_design(examples: Configuration) -> None:
    payments = examples.pinned("payments", at=AT)
    primary, experts, management = payments.tiers
    assert [primary.page, experts.page, management.page] == [
        ["schedule:payments-primary"],
        ["schedule:payments-backup", "team:sre-seniors"],
        ["person:cto"],
    ]
    sev1, other = primary.times[Severity.SEV1], primary.times[Severity.SEV2]
    assert [sev1.acknowledge_within, sev1.repeat_every, sev1.resolve_within] == minutes(10, 5, 30)
    assert [other.acknowledge_within, other.resolve_within] == minutes(30, 240)
    assert other.repeat_every is None
    assert payments.again is not None
    assert (payments.tiers[payments.again.tier].name, payments.again.times) == ("experts", 3)
    assert payments.catch_all == ["team:duty-managers"]


@pytest.mark.parametrize(
    ("ticket", "policy"),
    [
        (Ticket(service="payments"), "payments"),
        (Ticket(labels={"team": "payments"}), "payments"),
        (Ticket(service="platform", severity=Severity.SEV1), "ladder"),
        (Ticket(source="escalade-canary"), "canary"),
        (Ticket(service="printers"), "matrix"),
    ],
)
def test_tickets_find_their_example_policy(ticket: Ticket, policy: str, examples: Configuration) -> None:
    assert examples.admit(ticket, at=AT)[0].name == policy


def test_the_sample_tickets_are_tickets_and_use_every_policy(examples: Configuration) -> None:
    lines = (EXAMPLES / "tickets" / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    tickets = [Ticket.model_validate_json(line) for line in lines]
    assert len(tickets) == 10
    assert len({ticket.dedupe_key for ticket in tickets}) == 10
    assert {examples.admit(ticket, at=AT)[0].name for ticket in tickets} == {"payments", "ladder", "matrix"}


def test_every_example_file_names_the_schema_beside_it() -> None:
    for path in EXAMPLES.rglob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        name = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / name).resolve().parent == (EXAMPLES / "schemas").resolve(), path
        assert Path(name).name == f"{kind(path)}.schema.json"


def kind(path: Path) -> str:
    """Which kind of file this is."""
    if path.name.endswith(".mapping.yaml"):
        return "mapping"
    return {"policies": "policy", "schedules": "schedule", "calendars": "calendar"}.get(path.parent.name, path.stem)
