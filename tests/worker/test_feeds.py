"""Feeds are read by whatever worker runs, on a rhythm that Temporal keeps; the doctor says how they stand."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.service import RPCError

from cli import main
from escalade.ticket import Ticket
from store import Store
from tests.worker.installation import Installation, installed, now_in_utc
from tests.worker.test_doctor import settings_in
from tests.worker.test_reload import PAPER, duty, reload
from worker.doctor_feeds import examine_feeds
from worker.feeds import FEEDS, schedule_feeds
from worker.testing import real_server

NOW = now_in_utc().replace(microsecond=0)


def calendar(who: str) -> str:
    day = timedelta(days=1)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1"]
    lines += [f"DTSTART:{NOW - day:%Y%m%dT%H%M%SZ}", f"DTEND:{NOW + day:%Y%m%dT%H%M%SZ}", f"SUMMARY:{who}"]
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""])


def fed(directory: Path, who: str) -> None:
    (directory / "feeds").mkdir(exist_ok=True)
    (directory / "schedules").mkdir(exist_ok=True)
    (directory / "feeds" / "duty.ics").write_text(calendar(who))
    schedule = {"schedule": "fed", "zone": "UTC", "feed": {"url": "feeds/duty.ics", "refresh": "1m"}}
    (directory / "schedules" / "fed.yaml").write_text(json.dumps(schedule))


def said(directory: Path) -> list[tuple[str, str]]:
    return [(level, says) for _, level, says, _ in examine_feeds(settings_in(directory), {}, now=now_in_utc())]


async def test_a_schedule_that_gets_a_feed_is_read_at_once_and_then_on_a_rhythm(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        assert said(tmp_path) == []
        fed(tmp_path, "Ana")
        assert said(tmp_path) == [
            ("error", "The feed of fed was never read: no worker has read it yet."),
            ("ok", "0 of 1 calendar feeds are fresh"),
        ]
        assert await reload(there)
        await _read(there)
        (found,) = there.store.changes(NOW, NOW + timedelta(hours=1)).imported
        assert [slot.person for slot in found.shifts] == ["ana"]
        described = await client.get_schedule_handle(FEEDS).describe()
        assert [each.every for each in described.schedule.spec.intervals] == [timedelta(minutes=1)]
        assert said(tmp_path) == [("ok", "1 of 1 calendar feeds are fresh")]
        (tmp_path / "schedules" / "fed.yaml").unlink()
        assert not await schedule_feeds(client, there.live.current.roster.model_copy(update={"schedules": {}}))
        with pytest.raises(RPCError, match="not found"):
            await client.get_schedule_handle(FEEDS).describe()


async def _read(there: Installation) -> None:
    async with asyncio.timeout(20):
        while not there.store.feeds():
            await asyncio.sleep(0.02)


async def test_the_doctor_names_what_is_stale_and_who_is_unknown(tmp_path: Path) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        fed(tmp_path, "Zoe Nobody")
        assert await reload(there)
        await _read(there)
        assert said(tmp_path) == [
            ("warning", "The feed of fed names people nobody knows: Zoe Nobody."),
            ("ok", "1 of 1 calendar feeds are fresh"),
        ]
        later = examine_feeds(settings_in(tmp_path), {}, now=now_in_utc() + timedelta(hours=1))
        assert "is stale, last read at" in next(iter(later))[2]


async def test_an_override_from_the_command_line_wakes_a_ticket_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with real_server() as client, installed(client, tmp_path) as there:
        duty(tmp_path, methods={})
        people = json.loads((tmp_path / "people.yaml").read_text())["people"] | {"dora": {"methods": PAPER}}
        (tmp_path / "people.yaml").write_text(json.dumps({"people": people}))
        assert await reload(there)
        opened = await there.tickets.open(Ticket(title="db down"))
        await there.until(opened.key, lambda view: "on duty" in view.waiting_for and not view.unwritten)
        monkeypatch.setenv("ESCALADE_CONFIG", str(tmp_path))
        monkeypatch.setenv("ESCALADE_STORE", f"sqlite:///{tmp_path / 'escalade.db'}")
        monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
        monkeypatch.setenv("TEMPORAL_CONFIG_FILE", "/dev/null")
        command = ["oncall", "override", "add", "duty", "--with", "dora", "--for", "8h", "--as", "dora"]
        code = await asyncio.to_thread(main.run, command)
        said = capsys.readouterr().out
        assert code == 0
        assert "1 ticket that waits for somebody on duty: told to look again now." in said
        told = await there.until(opened.key, lambda view: bool(view.told))
        assert [one.target for one in told.told] == ["person:dora"]
        assert "override" in told.told[0].why


def test_a_store_that_is_not_there_yet_says_nothing_of_feeds(tmp_path: Path) -> None:
    assert said(tmp_path) == []
    Store.open(f"sqlite:///{tmp_path / 'escalade.db'}").close()
    assert said(tmp_path) == []
