"""A dry run says who would really be paged: by what was changed at run time as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.ticket.foresight import Foreseen, Known, foresee
from escalade.maintenance.window import MaintenanceWindow, WindowSpec
from escalade.people.capacity import Capacity
from escalade.people.changes import Changes, Override
from escalade.people.resolve import Load
from escalade.people.rotation import Rotation
from escalade.people.schedule import Schedule
from escalade.policy import PinnedPolicy
from escalade.testing import START, person, policy, roster
from escalade.ticket import Severity, Ticket
from tests.cli.conftest import Run

TICKET = Ticket(title="Disk full", severity=Severity.SEV3, service="shop")
FIRST: dict[str, Any] = {"name": "first", "page": ["person:ana"], "acknowledge_within": "1h"}


def pages(known: Known, pinned: PinnedPolicy, ticket: Ticket = TICKET) -> list[Foreseen]:
    found = foresee(ticket, pinned, "", known, now=START)
    return [one for one in found.happenings if one.people]


def first_of(known: Known, pinned: PinnedPolicy) -> list[str]:
    return [one.target for one in pages(known, pinned)[0].people]


def test_an_override_decides_who_would_be_paged() -> None:
    people = roster("ana", "bob")
    rotation = Rotation.model_validate({"members": ["ana"], "start": "2026-01-05"})
    people.schedules["duty"] = Schedule(zone="UTC", rotation=rotation)
    pinned = policy({**FIRST, "page": ["schedule:duty"]})
    assert first_of(Known(people), pinned) == ["person:ana"]
    window = {"start": START - timedelta(hours=1), "end": START + timedelta(hours=1), "made_at": START, "by": "ana"}
    override = Override.model_validate({"id": "k3", "schedule": "duty", "form": "replace", "people": ["bob"], **window})
    assert first_of(Known(people, Changes(overrides=(override,))), pinned) == ["person:bob"]


def test_quiet_hours_send_the_page_to_the_backup_and_counted_limits_are_named() -> None:
    hour = {"from": f"{START - timedelta(hours=1):%H:%M}", "to": f"{START + timedelta(hours=5):%H:%M}"}
    quiet = person("ana").model_copy(update={"capacity": Capacity.model_validate({"quiet": [hour]}), "backup": "bob"})
    limited = person("bob").model_copy(
        update={"capacity": Capacity.model_validate({"limits": [{"pages": 1, "per": "1h"}]})}
    )
    known = Known(roster(ana=quiet, bob=limited))
    found = foresee(TICKET, policy(FIRST), "", known, now=START)
    (page,) = next(one for one in found.happenings if one.people).people
    assert page.target == "person:bob"
    assert "has quiet hours until" in page.why
    assert found.limited == ["person:bob"]


def test_nobody_would_be_paged_before_a_maintenance_window_ends() -> None:
    spec = WindowSpec.model_validate({"start": START - timedelta(hours=1), "lasts": "3h", "match": {"service": "shop"}})
    window = MaintenanceWindow(id="works", spec=spec, source="command")
    first = pages(Known(roster("ana"), windows=[window]), policy(FIRST))[0]
    assert first.at == START + timedelta(hours=2)


def test_fair_goes_by_who_was_paged_lately() -> None:
    pinned = policy({**FIRST, "page": ["person:ana", "person:bob"], "how": "fair", "repeat_every": "10m"})
    known = Known(roster("ana", "bob"), load={"person:ana": Load(pages=3)})
    assert first_of(known, pinned) == ["person:bob"]


def test_a_warning_of_a_clock_is_no_further_round() -> None:
    clocks = {"resolution": {"target": "3h", "warn_at": [25, 50, 75]}}
    found = pages(Known(roster("ana")), policy({**FIRST, "acknowledge_within": "4h"}, clocks=clocks))
    assert [(one.purpose, one.repeats) for one in found if one.purpose != "catch_all"] == [
        ("round", 0),
        *[("notice", 0)] * 4,
    ]
    repeating = {**FIRST, "acknowledge_within": "4h", "repeat_every": "90m"}
    first = pages(Known(roster("ana")), policy(repeating, clocks=clocks))[0]
    assert (first.repeats, first.last_at) == (2, START + timedelta(hours=3))


def test_a_dry_run_knows_what_was_made_by_command(escalade: Run) -> None:
    ask = ("ticket", "open", "Checkout is down", "--severity", "sev1", "--service", "payments", "--dry-run")
    assert escalade("oncall", "override", "add", "payments-primary", "--with", "david", "--for", "8h").code == 0
    told = escalade(*ask)
    assert (told.code, told.err) == (0, "")
    assert "round 1: person:david by" in told.out
    assert escalade("maintenance", "add", "works", "--service", "payments", "--for", "2h").code == 0
    (would,) = escalade(*ask, "--output", "json").json["would"]
    paged = [one for one in would["happenings"] if one["people"]]
    assert paged[0]["after_seconds"] > timedelta(hours=1).total_seconds()
    assert datetime.fromisoformat(paged[0]["at"]) > datetime.now(UTC)


def test_a_dry_run_without_its_store_says_what_it_leaves_out(escalade: Run, place: Path) -> None:
    (place / "state").mkdir(exist_ok=True)
    (place / "state" / "escalade.db").write_bytes(b"this is no database" * 100)
    told = escalade("ticket", "open", "Checkout is down", "--service", "payments", "--dry-run")
    assert told.code == 0
    assert "round 1" in told.out
    assert "changes of duty and maintenance by command are not in this." in told.err
