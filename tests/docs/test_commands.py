"""What the pages tell a reader to type does what they say: on a real server, with a real worker."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from temporalio.client import Client

from cli import main
from configuration import check
from configuration.document import read_document
from escalade.ticket import ticket_key
from tests.docs.pages import ROOT, Fence, commands, fences, loosely, pages, pattern, written
from worker.registry import extensions
from worker.running import read_up

HOW_TO = ROOT / "docs" / "how-to"
BIN = Path(sys.executable).parent
RUN_HERE = (
    ROOT / "README.md",
    ROOT / "docs" / "tutorial" / "first-ticket.md",
    HOW_TO / "from-other-systems.md",
    HOW_TO / "clocks.md",
    HOW_TO / "import-servicenow.md",
    HOW_TO / "backup-and-restore.md",
    HOW_TO / "retention.md",
    HOW_TO / "change-the-configuration.md",
)
"""Pages whose commands are run from the first to the last, beside `escalade up`."""
RUN_ALONE = (HOW_TO / "on-call-schedules.md", HOW_TO / "business-calendars.md")
"""Pages whose commands need no server; their files are written first."""
RUN_OFFLINE = (
    HOW_TO / "overrides-and-swaps.md",
    HOW_TO / "calendar-feeds.md",
    HOW_TO / "maintenance.md",
    HOW_TO / "handoffs.md",
)
"""Pages whose commands are run from the first to the last with no server, and depend on the day they are run."""
RUN_ELSEWHERE = {
    "make demo": "tests/cli/test_demo.py runs the demo",
    "escalade doctor": "tests/cli/test_running.py runs it",
    "escalade page test ana": "tests/cli/test_running.py runs it",
}
"""Commands of other pages, and who runs them."""


def shell(page: Path) -> list[tuple[Fence, Fence | None]]:
    """The shell blocks of a page that are run, each with the block of output behind it."""
    found = fences(page)
    following = [*found[1:], None]
    return [
        (fence, after if after is not None and after.language == "text" else None)
        for fence, after in zip(found, following, strict=True)
        if fence.language == "sh" and not fence.about("not run") and fence.text.strip() not in RUN_ELSEWHERE
    ]


class Place:
    """A directory in which a reader follows a page, with `escalade up` in another terminal."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        clean = {name: v for name, v in os.environ.items() if not name.startswith(("ESCALADE_", "TEMPORAL_"))}
        self.env = {**clean, "PATH": f"{BIN}{os.pathsep}{clean['PATH']}", "ESCALADE_PORT": "0", "NO_COLOR": "1"}
        self.env["TEMPORAL_CONFIG_FILE"] = os.devnull
        self._up: subprocess.Popen[str] | None = None

    def run(self, text: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.directory,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return done.stdout

    def up(self) -> None:
        if self._up is not None or not (self.directory / "config").exists():
            return
        # As on any machine of a newcomer, the login of whoever runs this is nobody of people.yaml.
        self._up = subprocess.Popen(
            [BIN / "escalade", "up"],
            cwd=self.directory,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        watchdog = Timer(60, self._up.kill)
        watchdog.start()
        assert self._up.stdout is not None
        said = []
        for line in self._up.stdout:
            said.append(line)
            if " works." in line:
                break
        watchdog.cancel()
        record = read_up(self.directory / "state")
        assert record is not None, said
        assert record.server is not None
        self.address = record.server.address
        self.env["TEMPORAL_ADDRESS"] = self.address

    def down(self) -> None:
        if self._up is None:
            return
        self._up.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._up.communicate(timeout=40)
        self._up.kill()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.down()


def follow(page: Path, place: Place) -> None:
    if page not in (ROOT / "README.md", RUN_HERE[1]):
        place.run("escalade init")
    for fence, output in shell(page):
        place.up()
        said = loosely(place.run(fence.text))
        for line in output.text.splitlines() if output else []:
            assert re.search(pattern(line), said), f"{fence}: {line!r} is not in\n{said}"


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN_HERE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_can_be_followed_from_its_first_command_to_its_last(page: Path, place: Place) -> None:
    if page.name == "backup-and-restore.md":
        place.run("escalade init")
        place.up()
        place.run("escalade ticket open 'Disk full' --service payments")
        _wait_for_the_journal(place)
    follow(page, place)


@pytest.mark.parametrize("page", RUN_ALONE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_that_needs_no_server_can_be_followed(page: Path, place: Place) -> None:
    place.run("escalade init")
    for fence in fences(page):
        if name := fence.about("file"):
            (place.directory / name).write_text(fence.text)
    for fence, output in shell(page):
        # Nothing here depends on the day it is run, so the numbers have to be right, too.
        said = " ".join(place.run(fence.text).split())
        for line in output.text.splitlines() if output else []:
            assert " ".join(line.split()) in said, f"{fence}: {line!r} is not in\n{said}"


@pytest.mark.parametrize("page", RUN_OFFLINE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_that_needs_no_server_can_be_followed_without_one(
    page: Path, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith(("ESCALADE_", "TEMPORAL_"))]:
        monkeypatch.delenv(name)
    for name, value in {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place.directory)
    assert main.run(["init"]) == 0
    following = {fence.line: output for fence, output in shell(page)}
    for fence in fences(page):
        if fence.about("file"):
            (place.directory / fence.about("file")).write_text(fence.text)
        if fence.line not in following:
            continue
        capsys.readouterr()
        for line in commands(fence):
            _type(line, place, exits_with=int(fence.about("exits with") or 0))
        said = loosely("".join(capsys.readouterr()))
        output = following[fence.line]
        for wanted in output.text.splitlines() if output else []:
            assert re.search(pattern(wanted), said), f"{fence}: {wanted!r} is not in\n{said}"


def _type(line: str, place: Place, *, exits_with: int) -> None:
    """Run a command line; ours in this process, which takes a hundredth of the time."""
    words = shlex.split(line)
    if words[0] == "escalade":
        assert main.run(words[1:]) == exits_with, line
    else:
        place.run(line)


def _wait_for_the_journal(place: Place) -> None:
    """An opened ticket is Temporal's at once, and the journal's a moment later."""
    place.run("for n in $(seq 100); do escalade ticket list | grep -q 'Disk full' && exit 0; done; exit 1")


def test_every_command_of_a_page_is_run_somewhere_or_says_why_not() -> None:
    for page in written():
        for fence in fences(page):
            if fence.language != "sh" or fence.about("not run") or page in (*RUN_HERE, *RUN_ALONE, *RUN_OFFLINE):
                continue
            for line in fence.text.strip().splitlines():
                known = line in RUN_ELSEWHERE or line.startswith(("escalade check", "make "))
                assert known, f"{fence}: nobody runs {line!r}"


def test_what_follows_a_python_or_yaml_fence_is_known() -> None:
    for page in pages():
        for fence in fences(page):
            if fence.language in ("python", "yaml"):
                words = ("file", "run", "into", "step", "channel")
                assert any(fence.about(word) or fence.comment.startswith(f"{word}:") for word in words), str(fence)


# -- what is written into the configuration ---------------------------------------------------------------------------

YAML = [fence for page in pages() for fence in fences(page) if fence.language == "yaml"]
MERGED = [fence for fence in YAML if fence.about("into")]


def merge(base: Any, more: Any) -> Any:
    if isinstance(base, dict) and isinstance(more, dict) and "use" not in more:
        return {**base, **{key: merge(base.get(key), value) for key, value in more.items()}}
    return more


@pytest.mark.parametrize("fence", MERGED, ids=str)
def test_a_configuration_in_a_page_is_valid(fence: Fence, tmp_path: Path) -> None:
    import json

    shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    name, _, given = fence.about("into").partition("; env: ")
    pairs = (word.partition("=") for word in given.split())
    env = {key: value or f"a-secret-for-{key}" for key, _, value in pairs}
    target = tmp_path / name
    base, _ = read_document(name, target.read_bytes())
    more, problems = read_document(name, fence.text.encode())
    assert base is not None
    assert more is not None
    assert problems == []
    merged = merge(base.data, more.data)
    target.write_text(json.dumps(merged))
    found = extensions()
    problems = check(tmp_path, env=env, channels=found.channels, steps=found.steps)
    errors = [str(problem) for problem in problems if problem.level == "error"]
    if "places" in more.data and "apprise" in fence.text:
        # The page says so itself: people's chat addresses have to be Apprise URLs as well then.
        errors = [error for error in errors if "people.yaml" not in error]
    assert errors == []


# -- what is written as code ------------------------------------------------------------------------------------------


def code_of(page: str, name: str, *, word: str = "run") -> str:
    return next(fence.text for fence in fences(HOW_TO / page) if fence.about(word) == name)


def namespace_of(page: str, name: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(code_of(page, name), f"{page}#{name}", "exec"), space)
    return space


@pytest.fixture
async def opened(place: Place) -> Client:
    place.run("escalade init")
    place.up()
    return await Client.connect(place.address)


@pytest.mark.slow
async def test_any_sdk_opens_and_acknowledges_as_the_page_says(opened: Client) -> None:
    page = namespace_of("from-other-systems.md", "open_from_sdk")
    key = ticket_key("", "sdk", "d")
    ticket = {"title": "From afar", "severity": "P1", "source": "sdk", "dedupe_key": "d", "unknown": 1, "event_id": "1"}
    await page["open_ticket"](opened, key, ticket)
    assert "acknowledged" in await page["acknowledge"](opened, key, "chat:1", "ana")
    await page["open_ticket"](opened, key, ticket)
    await page["open_ticket"](opened, key, {**ticket, "event_id": "2"})
    view = await opened.get_workflow_handle(f"ticket/{key}").query("view")
    assert (view["owner"], view["ticket"]["severity"], view["repeats"]) == ("ana", "sev1", 1)
