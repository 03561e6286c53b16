"""What people changed of the roster at run time is in force for the next round (decision 25 when the store is away)."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from sqlalchemy import event
from temporalio.testing import ActivityEnvironment

from escalade.messages.activities import ResolveRequest
from escalade.people.changes import Override
from escalade.people.resolve import RoundRequest
from escalade.ticket import SYSTEM
from tests.activities.making import KEY, NOW, Place

SCHEDULE = """
schedule: duty
zone: UTC
rotation: {members: [ana], start: 2026-01-05, handoff: monday 00:00}
"""
_BRUNO = {"id": "o1", "schedule": "duty", "form": "replace", "people": ["bruno"], "made_at": NOW, "by": "ana"}


ASKED = ResolveRequest(key=KEY, round_id="r1", request=RoundRequest(targets=["schedule:duty"]))


def on_duty(here: Place) -> None:
    """A schedule that always has Ana."""
    (here.directory / "config" / "schedules").mkdir()
    (here.directory / "config" / "schedules" / "duty.yaml").write_text(SCHEDULE)
    assert {problem.level for problem in here.live.reload()} == {"warning"}


def bruno_for(length: timedelta) -> Override:
    return Override.model_validate(_BRUNO | {"start": NOW, "end": NOW + length})


async def test_an_override_is_in_force_for_the_next_round(here: Place, env: ActivityEnvironment) -> None:
    on_duty(here)
    assert [r.target for r in (await env.run(here.activities.resolve, ASKED)).recipients] == ["person:ana"]
    here.store.change(bruno_for(timedelta(hours=1)), by=SYSTEM)
    (told,) = (await env.run(here.activities.resolve, ASKED)).recipients
    assert told.target == "person:bruno"
    assert "override o1 by ana" in told.why
    here.store.remove_change("o1", by=SYSTEM)
    assert [r.target for r in (await env.run(here.activities.resolve, ASKED)).recipients] == ["person:ana"]


async def test_a_round_reads_the_changes_again_only_when_they_have_changed(
    here: Place, env: ActivityEnvironment
) -> None:
    on_duty(here)
    read: list[str] = []
    event.listen(here.store.database.engine, "before_cursor_execute", lambda *given: read.append(given[2]))
    for _ in range(3):
        await env.run(here.activities.resolve, ASKED)
    assert sum("FROM roster_changes" in statement for statement in read) == 1
    assert sum("FROM roster_revision" in statement for statement in read) == 3


async def test_the_last_known_changes_serve_while_the_database_is_down(here: Place, env: ActivityEnvironment) -> None:
    on_duty(here)
    here.store.change(bruno_for(timedelta(hours=1)), by=SYSTEM)
    await env.run(here.activities.resolve, ASKED)
    other = sqlite3.connect(here.directory / "store.db", isolation_level=None)
    other.execute("ALTER TABLE roster_revision RENAME TO gone")
    other.close()
    resolved = await env.run(here.activities.resolve, ASKED)
    assert [r.target for r in resolved.recipients] == ["person:bruno"]
    assert resolved.notes[0].endswith("overrides, swaps and time off are those known at 2026-03-02T09:00:00Z")


async def test_a_worker_that_never_reached_its_database_goes_by_the_schedules(
    away: Place, env: ActivityEnvironment
) -> None:
    on_duty(away)
    resolved = await env.run(away.activities.resolve, ASKED)
    assert [r.target for r in resolved.recipients] == ["person:ana"]
    assert resolved.notes[0].endswith("are not known, the schedules alone decide")
