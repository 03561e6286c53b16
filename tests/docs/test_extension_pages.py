"""The pages on steps, channels and other systems do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.signatures import signed_headers
from configuration import check
from configuration.document import read_document
from escalade.extension import Channel, Message, Step
from escalade.people.roster import parse_target
from escalade.ticket import ticket_key
from tests.docs.pages import ROOT, fences, written
from tests.docs.test_commands import HOW_TO, code_of, merge, namespace_of
from worker.registry import _why_no_channel, _why_no_step, extensions


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Writes a file of a page beside the installed packages, and imports it."""

    def write(page: str, name: str) -> Any:
        import importlib

        (tmp_path / name).write_text(code_of(page, name, word="file"))
        monkeypatch.syspath_prepend(str(tmp_path))
        module = Path(name).stem
        monkeypatch.delitem(sys.modules, module, raising=False)
        found = importlib.import_module(module)
        monkeypatch.delitem(sys.modules, module)
        return found

    return write


def test_the_step_of_the_page_is_a_step_and_shorter_than_forty_lines(beside: Callable[[str, str], Any]) -> None:
    page = "write-a-step.md"
    step = beside(page, "chase_merge.py").ChaseMerge
    assert _why_no_step(step) is None
    lines = code_of(page, "chase_merge.py", word="file") + code_of(page, "test_chase_merge.py", word="file")
    assert len([line for line in lines.splitlines() if line.strip()]) < 40
    for package in ("escalade.extension", "pydantic", "datetime", "typing"):
        assert f"from {package} import" in lines


@pytest.mark.slow
def test_the_test_of_the_step_passes_as_it_stands(tmp_path: Path) -> None:
    for name in ("chase_merge.py", "test_chase_merge.py"):
        (tmp_path / name).write_text(code_of("write-a-step.md", name, word="file"))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n0",
            "-p",
            "no:cacheprovider",
            "-o",
            "asyncio_mode=auto",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(("page", "group", "word"), [("write-a-step.md", "steps", "step")])
def test_the_policy_of_the_page_is_valid_with_its_step(
    page: str, group: str, word: str, tmp_path: Path, beside: Callable[[str, str], Any]
) -> None:
    step: type[Step] = beside(page, "chase_merge.py").ChaseMerge
    fence = next(fence for fence in fences(HOW_TO / page) if fence.about(word))
    shutil.copytree(ROOT / "examples", tmp_path / "config")
    policy = f"policy: chased\nmatch: [{{service: chased}}]\n{fence.text}"
    (tmp_path / "config" / "policies" / "chased.yaml").write_text(policy)
    found = extensions()
    problems = check(tmp_path / "config", env={}, channels=found.channels, steps={**found.steps, step.name: step})
    assert [str(problem) for problem in problems if problem.level == "error"] == []


async def test_the_channel_of_the_page_delivers_and_refuses(tmp_path: Path, beside: Callable[[str, str], Any]) -> None:
    from escalade.errors import ChannelError

    module = beside("write-a-channel.md", "paper_channel.py")
    assert _why_no_channel(module.PaperChannel) is None
    channel: Channel = module.PaperChannel(module.PaperSettings(directory=tmp_path))
    assert channel.check_address("tray1") is None
    assert "is not the name of a tray" in str(channel.check_address("../etc"))
    message = Message(id="m1", subject="s", text="Disk full", severity="sev1", ticket="k")
    assert (await channel.send(message, "tray1")).outcome == "delivered"
    assert (tmp_path / "tray1-m1.txt").read_text() == "Disk full"
    nowhere: Channel = module.PaperChannel(module.PaperSettings(directory=tmp_path / "nowhere"))
    with pytest.raises(ChannelError, match="cannot be written"):
        await nowhere.send(message, "tray1")


def test_the_configuration_of_the_channel_is_valid(tmp_path: Path, beside: Callable[[str, str], Any]) -> None:
    import json

    kind: type[Channel] = beside("write-a-channel.md", "paper_channel.py").PaperChannel
    fence = next(fence for fence in fences(HOW_TO / "write-a-channel.md") if fence.about("channel"))
    shutil.copytree(ROOT / "examples", tmp_path / "config")
    target = tmp_path / "config" / "escalade.yaml"
    base, more = (read_document("x", raw)[0] for raw in (target.read_bytes(), fence.text.encode()))
    assert base is not None
    assert more is not None
    target.write_text(json.dumps(merge(base.data, more.data)))
    found = extensions()
    kinds = {**found.channels, kind.use: kind}
    problems = check(tmp_path / "config", env={}, channels=kinds, steps=found.steps)
    # The numbers of the examples are no trays: each is refused in the channel's words, and nothing else is wrong.
    errors = [problem for problem in problems if problem.level == "error"]
    assert errors
    assert all("is not the name of a tray" in problem.found for problem in errors)


def test_the_receiver_of_the_page_takes_what_is_signed_and_nothing_else() -> None:
    receive = namespace_of("page-people.md", "signature")["receive"]
    headers = signed_headers(b"{}", message_id="m1", secrets=["right"], at=datetime.now(UTC))
    assert receive(b"{}", headers, "right") == "m1"
    assert receive(b"{}", headers, "wrong") is None
    assert receive(b"{ }", headers, "right") is None
    assert receive(b"{}", headers | {"Escalade-Message-Id": "m2"}, "right") is None
    old = signed_headers(b"{}", message_id="m1", secrets=["right"], at=datetime.now(UTC) - timedelta(hours=1))
    assert receive(b"{}", old, "right") is None


@pytest.mark.parametrize("given", [("", "monitoring", "db7/disk"), ("acme", "é", "x" * 255), ("", "", "")])
def test_the_key_of_the_page_is_the_key_of_the_ticket(given: tuple[str, str, str]) -> None:
    assert namespace_of("from-other-systems.md", "key")["ticket_key"](*given) == ticket_key(*given)
    if given[1] == "monitoring":
        assert f"`{ticket_key(*given)}`" in (HOW_TO / "from-other-systems.md").read_text()


def test_the_targets_of_the_pages_are_targets() -> None:
    for page in written():
        for fence in fences(page):
            for text in re.findall(r"\b(?:person|team|schedule|vendor|channel):[a-z][\w-]*", fence.text):
                assert parse_target(text)
