"""Sets the stage for the demo and clears it again, whatever happens on it."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path

from cli.demonstration.proof import Fact
from cli.demonstration.receivers import Post, receivers
from cli.demonstration.scene import Scene
from cli.demonstration.screen import Screen
from cli.demonstration.story import Ended, Story
from cli.exits import ExitCode
from cli.failures import explain
from escalade.errors import EscaladeError
from worker.processes import ProcessMark
from worker.running import read_up
from worker.settings import Settings
from worker.supervisor import Supervisor


async def perform() -> int:
    """The whole demo.

    Returns:
        The exit code.
    """
    began = time.monotonic()
    scene, screen = Scene.make(), Screen()
    screen.title(
        "Escalade: a ticket that needs a human gets one.",
        "Everything here is real, and on this machine: Temporal on an SQLite file,",
        "a worker, a mail server, a webhook receiver. Only the limits are short.",
    )
    screen.blank()
    code = ExitCode.OK
    try:
        with receivers(scene.messages, scene.secret) as post:
            code = await _on_stage(scene, screen, post)
    except EscaladeError as error:
        screen.blank()
        code = ExitCode(explain(error)) or ExitCode.GENERAL
        screen.title("Where it is")
    if code == ExitCode.INTERRUPTED:
        screen.tell("stopped", "nothing is left running")
        screen.title("Where it is")
    _places(scene, screen)
    if code == ExitCode.OK:
        screen.title(f"All of it took {time.monotonic() - began:.0f} seconds.")
    return code


async def _on_stage(scene: Scene, screen: Screen, post: Post) -> ExitCode:
    scene.configure(mail_port=post.mail_port, web=post.web)
    env = scene.env()
    settings = Settings.from_env(env)
    marks: list[ProcessMark] = []
    supervisor = Supervisor(settings, env, tell=lambda line: _of_up(screen, line), patience=timedelta(seconds=10))
    ready = asyncio.Event()
    running = asyncio.create_task(supervisor.run(ready=ready.set))
    story = Story(scene, screen, post, settings)
    playing = asyncio.create_task(_play(story, ready))
    try:
        await asyncio.wait({running, playing}, return_when=asyncio.FIRST_COMPLETED)
        up = read_up(settings.state)
        marks = up.processes if up is not None else []
        interrupted = running.done() and not playing.done()
    finally:
        playing.cancel()
        supervisor.stop()
        await asyncio.wait({running, playing})
    running.result()
    if interrupted:
        return ExitCode.INTERRUPTED
    return _tell(screen, story, playing.result(), marks)


async def _play(story: Story, ready: asyncio.Event) -> Ended:
    await ready.wait()
    return await story.play()


def _tell(screen: Screen, story: Story, ended: Ended, marks: list[ProcessMark]) -> ExitCode:
    left = [mark.pid for mark in marks if mark.alive]
    facts = story.facts(ended)
    facts.append(Fact(not left, f"left running: {left}" if left else "nothing is left running"))
    screen.title("What was proven")
    for fact in facts:
        screen.fact(fact.ok, fact.text)
    screen.title("Where it is")
    screen.place("timeline", f"ESCALADE_STATE={shlex.quote(str(story.state))} {_program()} journal show {story.key}")
    return ExitCode.OK if all(fact.ok for fact in facts) else ExitCode.GENERAL


def _of_up(screen: Screen, line: str) -> None:
    """What `up` says, as far as the story does not say it itself."""
    if line.startswith(("Temporal ", "The embedded")):
        screen.tell("up", line.split(" (/", maxsplit=1)[0].removesuffix(".") + ".")
    elif line.startswith("The worker (process"):
        screen.tell("up", line.split(" Ctrl-C", maxsplit=1)[0])


def _places(scene: Scene, screen: Screen) -> None:
    screen.place("journal", f"{scene.state / 'escalade.db'}")
    count = 0
    with contextlib.suppress(OSError):
        count = len(list(scene.messages.iterdir()))
    screen.place("messages", f"{scene.messages} ({count} files)")


def _program() -> str:
    """How this `escalade` is called from here."""
    if shutil.which("escalade"):
        return "escalade"
    beside = Path(sys.executable).parent / "escalade"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)
