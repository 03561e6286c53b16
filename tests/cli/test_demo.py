"""`escalade demo`: it proves what it says, says when it cannot, and leaves nothing running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from cli.demonstration import proof
from cli.demonstration.proof import Killing
from cli.demonstration.receivers import Post, Received, receivers
from cli.demonstration.scene import Scene, sample_tickets
from cli.demonstration.screen import Screen
from cli.demonstration.stage import _tell
from cli.demonstration.story import Ended, Story
from cli.exits import ExitCode
from configuration import check
from escalade.messages import JournalBatch
from escalade.record import Entry
from escalade.ticket import SYSTEM, Actor
from store import Store
from tests.docs.pages import fences, loosely
from worker.registry import extensions
from worker.settings import Settings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent.parent


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def received(message_id: str = "m1", *, seconds: float = 1, **fields: Any) -> Received:
    given = {"way": "chat", "to": "ana", "subject": "s", "ticket": "k", "signed": True, **fields}
    return Received(at=later(seconds), message_id=message_id, **given)


def entry(kind: str, n: int, *, seconds: float = 1, stream: str = "ticket/k", **data: Any) -> Entry:
    by = Actor(kind="person", id="bruno") if kind == "ticket.acknowledged" else SYSTEM
    return Entry(entry_id=f"run/{n}", stream=stream, at=later(seconds), actor=by, kind=kind, what=kind, data=data)


def paged(message_id: str, n: int, **rest: Any) -> Entry:
    return entry("page.accepted", n, message_id=message_id, **rest)


def start_demo(tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "ESCALADE_STORE": "sqlite:////nowhere/at/all.db"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def running_in(directory: Path) -> list[str]:
    """Processes of the demo, found by the directory that every one of them was given."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(directory).encode() + b"/escalade-demo-" in told and state != "Z":
            found.append(process.name)
    return found


@pytest.mark.slow
@pytest.mark.kill
@pytest.mark.timeout(150)
def test_the_demo_proves_everything_within_ninety_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    demo = start_demo(tmp_path)
    watchdog = Timer(120, demo.kill)
    watchdog.start()
    out, _ = demo.communicate()
    watchdog.cancel()
    assert demo.returncode == 0, out
    assert time.monotonic() - began < 90
    labels = re.findall(r"^ *[\d.]+s  ?(.{10})", out, re.MULTILINE)
    story = [label.strip() for label in labels]
    order = ["opened", "tier 1", "round 2", "tier 2", "✗ sms", "✓ answered", "tier 3", "✗ SIGKILL", "started"]
    places = [story.index(label) for label in order]
    assert places == sorted(places)
    assert story.index("✓ resolved") > story.index("started")
    assert len(re.findall(r"^  ✓ ", out, re.MULTILINE)) == 8
    assert not re.findall(r"^  ✗ ", out, re.MULTILINE)
    assert "\x1b" not in out
    shown = next(fence.text for fence in fences(ROOT / "README.md") if "SIGKILL" in fence.text)
    said = {loosely(line) for line in out.splitlines()}
    assert [line for line in shown.splitlines() if loosely(line) not in said] == [], out
    [root] = tmp_path.glob("escalade-demo-*")
    messages = list((root / "messages").iterdir())
    assert Counter(path.suffix for path in messages)[".refused"] == 1
    with Store.open(f"sqlite:///{root}/state/escalade.db", migrate=False) as store:
        assert not store.verify()
    assert running_in(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    demo = start_demo(tmp_path)
    watchdog = Timer(60, demo.kill)
    watchdog.start()
    assert demo.stdout is not None
    for line in demo.stdout:
        if " round 2 " in line:
            break
    assert len(running_in(tmp_path)) >= 2
    demo.send_signal(number)
    rest, _ = demo.communicate()
    assert demo.returncode == ExitCode.INTERRUPTED, rest
    watchdog.cancel()
    assert "nothing is left running" in rest
    assert "Traceback" not in rest
    assert running_in(tmp_path) == []


def test_the_demo_configuration_has_no_error(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "secret")
    scene.configure(mail_port=2525, web="http://127.0.0.1:8080")
    found = extensions()
    problems = check(scene.config, env=scene.env({}), channels=found.channels, steps=found.steps)
    assert [str(problem) for problem in problems if problem.level == "error"] == []


def test_nothing_of_an_installation_beside_it_gets_into_the_demo(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "secret")
    env = scene.env({"ESCALADE_STORE": "postgresql://elsewhere", "TEMPORAL_ADDRESS": "cloud:7233", "PATH": "/bin"})
    assert "TEMPORAL_ADDRESS" not in env
    assert Settings.from_env(env).store == f"sqlite:///{tmp_path}/state/escalade.db"


def test_every_row_of_the_sample_file_is_opened() -> None:
    lines = (ROOT / "examples" / "tickets" / "tickets.jsonl").read_text().strip().splitlines()
    assert len(sample_tickets()) == len(lines)


def test_a_lost_message_is_noticed() -> None:
    fact = proof.deliveries([paged("m1", 1), paged("m2", 2)], [received("m1")])
    assert (fact.ok, fact.text) == (False, "2 messages on record, 1 received: 1 lost, 0 not on record, 0 twice")


def test_a_message_that_came_twice_is_noticed() -> None:
    fact = proof.deliveries([paged("m1", 1)], [received("m1"), received("m1")])
    assert (fact.ok, fact.text) == (False, "1 messages on record, 2 received: 0 lost, 1 not on record, 1 twice")


def test_a_message_nobody_recorded_is_noticed() -> None:
    assert not proof.deliveries([paged("m1", 1)], [received("m1"), received("m2")]).ok
    assert not proof.deliveries([], []).ok


def test_messages_that_are_the_same_on_both_sides_are_proven() -> None:
    assert proof.deliveries([paged("m1", 1), entry("page.failed", 2, message_id="m9")], [received("m1")]).ok


def test_an_unsigned_webhook_is_noticed() -> None:
    assert proof.signatures([received(), received(signed=None)]).ok
    assert not proof.signatures([received(), received(signed=False)]).ok
    assert not proof.signatures([received(signed=None)]).ok


def test_a_page_after_the_acknowledgement_is_noticed() -> None:
    entries = [entry("ticket.acknowledged", 1, seconds=10), entry("tier.left", 2, seconds=16)]
    assert proof.quiet_after(entries, [received(seconds=9), received(seconds=17)], "k").ok
    assert not proof.quiet_after(entries, [received(seconds=12)], "k").ok
    assert not proof.quiet_after(entries[:1], [], "k").ok


def test_a_refused_message_without_a_fallback_is_noticed() -> None:
    refused = received(way="sms", to="bruno", refused="402 no credit left")
    mail = received("m2", seconds=2, way="mail", to="bruno@demo.example", signed=None)
    assert proof.fell_over([refused, mail]).ok
    assert not proof.fell_over([refused]).ok
    assert not proof.fell_over([mail]).ok


def test_a_round_that_a_kill_lost_or_doubled_is_noticed() -> None:
    killing = Killing(worker=1, successor=2, at=later(10), due=later(11), tier="management", round=2)
    page = received(seconds=13, data={"purpose": "round", "ticket": {"tier": "management", "round": 2}})
    assert proof.survived(killing, [page], "k").ok
    assert "2.0 s late" in proof.survived(killing, [page], "k").text
    assert not proof.survived(killing, [], "k").ok
    assert not proof.survived(killing, [page, page], "k").ok


def test_a_ticket_that_told_nobody_is_noticed() -> None:
    entries = [paged("m1", 1), paged("m2", 2, stream="ticket/l")]
    assert proof.silent(entries, 3, ["z"]).ok
    assert not proof.silent(entries, 4, ["z"]).ok
    assert not proof.silent(entries, 3, ["l"]).ok


def test_one_thing_that_is_not_proven_makes_the_demo_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(tmp_path, "secret")
    settings = Settings.from_env(scene.env({}))
    with Store.open(settings.store) as store:
        store.write(JournalBatch(stream="ticket/k", life="run", entries=[paged("m1", 1)]))
    post = Post(tmp_path, "secret")
    killing = Killing(worker=1, successor=2, at=later(10), due=later(11), tier="management", round=2)
    story = Story(scene, Screen(), post, settings)
    assert _tell(Screen(), story, Ended(killing, 1, []), []) == ExitCode.GENERAL
    assert "  ✗ 1 messages on record, 0 received: 1 lost" in capsys.readouterr().out


def test_the_receiver_refuses_what_is_signed_with_another_secret(tmp_path: Path) -> None:
    import httpx

    from activities.signatures import signed_headers

    body = b'{"subject": "s", "ticket": "k"}'
    with receivers(tmp_path / "messages", "right") as post:
        for secret in ("wrong", "right"):
            headers = signed_headers(body, message_id=secret, secrets=[secret], at=datetime.now(UTC))
            httpx.post(f"{post.web}/chat/ana", content=body, headers=headers)
    assert [(one.message_id, one.signed) for one in post.received] == [("wrong", False), ("right", True)]
    assert [one.message_id for one in post.taken()] == ["right"]
