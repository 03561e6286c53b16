"""Extensions found by entry points: steps and channels, loaded once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import BaseModel

from escalade.errors import EscaladeError
from escalade.extension import Channel, Step

STEPS = "escalade.steps"
CHANNELS = "escalade.channels"


class BrokenExtensionError(EscaladeError):
    """An extension cannot be loaded."""

    exit_code = 3

    def __init__(self, reasons: list[str]) -> None:
        """Carry every one that is broken."""
        self.reasons = reasons
        lines = "\n".join(f"  {reason}" for reason in reasons)
        super().__init__(f"Extensions cannot be loaded:\n{lines}")


@dataclass(frozen=True)
class Extensions:
    """Every step and channel by the word that `use:` says."""

    steps: dict[str, type[Step]] = field(default_factory=dict)
    channels: dict[str, type[Channel]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    """Where each comes from: `step notify` → `escalade`, `channel pigeon` → `escalade-pigeon 1.2`."""


@functools.cache
def extensions() -> Extensions:
    """The built-in ones and those of installed packages.

    Raises:
        BrokenExtensionError: with all that cannot be loaded, or claim a word that is taken.
    """
    import activities.channels  # noqa: PLC0415 - channels load HTTP libraries
    import workflows.steps  # noqa: PLC0415

    return load_extensions(
        steps=workflows.steps.BUILT_IN.values(),
        channels=activities.channels.CHANNELS.values(),
        step_points=entry_points(group=STEPS),
        channel_points=entry_points(group=CHANNELS),
    )


def load_extensions(
    *,
    steps: Iterable[type[Step]],
    channels: Iterable[type[Channel]],
    step_points: Iterable[EntryPoint] = (),
    channel_points: Iterable[EntryPoint] = (),
) -> Extensions:
    """Put built-in and found extensions together.

    Args:
        steps: the built-in steps.
        channels: the built-in channels.
        step_points: entry points that name steps.
        channel_points: entry points that name channels.

    Raises:
        BrokenExtensionError: with all that is wrong.
    """
    shelf = _Shelf()
    for step in steps:
        shelf.put("step", step.name, step, "escalade")
    for channel in channels:
        shelf.put("channel", channel.use, channel, "escalade")
    for point in step_points:
        shelf.load("step", point, why_not=_why_no_step, word="name")
    for point in channel_points:
        shelf.load("channel", point, why_not=_why_no_channel, word="use")
    if shelf.reasons:
        raise BrokenExtensionError(shelf.reasons)
    return Extensions(steps=shelf.found["step"], channels=shelf.found["channel"], origins=shelf.origins)


class _Shelf:
    """What was found so far, and what is wrong with the rest."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {"step": {}, "channel": {}}
        self.origins: dict[str, str] = {}
        self.reasons: list[str] = []

    def put(self, kind: str, word: str, what: object, origin: str) -> None:
        """Keep one under its word, unless another has it."""
        name = f"{kind} {word}"
        if self.found[kind].get(word, what) is not what:
            self.reasons.append(f"{name} ({origin}): the word is taken by {self.origins[name]}; give it another name")
            return
        self.found[kind][word] = what
        self.origins[name] = origin

    def load(self, kind: str, point: EntryPoint, *, why_not: Callable[[Any], str | None], word: str) -> None:
        """Load one by its entry point."""
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown package"
        where = f"{kind} {point.name} ({origin}): {point.value}"
        try:
            loaded = point.load()
        except Exception as error:  # noqa: BLE001 - somebody else's module may raise anything while it loads
            self.reasons.append(f"{where} does not load: {type(error).__name__}: {error}")
            return
        problem = why_not(loaded)
        if problem:
            self.reasons.append(f"{where} {problem}")
            return
        self.put(kind, getattr(loaded, word), loaded, origin)


def _why_no_step(found: Any) -> str | None:
    if not isinstance(found, type) or not issubclass(found, BaseModel):
        return "is no pydantic model"
    for attribute in ("name", "version"):
        if not isinstance(getattr(found, attribute, None), str) or not getattr(found, attribute):
            return f"has no class attribute `{attribute}`, a text"
    if not callable(getattr(found, "run", None)):
        return "has no `async def run(self, ctx)`"
    return None


def _why_no_channel(found: Any) -> str | None:
    if not isinstance(found, type):
        return "is no class"
    if not isinstance(getattr(found, "use", None), str) or not getattr(found, "use"):  # noqa: B009 - mypy
        return "has no class attribute `use`, a text"
    settings = getattr(found, "Settings", None)
    if not isinstance(settings, type) or not issubclass(settings, BaseModel):
        return "has no class attribute `Settings`, a pydantic model"
    for method in ("check_address", "send"):
        if not callable(getattr(found, method, None)):
            return f"has no method `{method}`"
    return None
