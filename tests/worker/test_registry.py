"""Extensions are found by entry points; what is broken is named, all of it at once."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from activities.channels import ConsoleChannel
from escalade.extension import Delivery, Message, StepContext
from worker.registry import BrokenExtensionError, extensions, load_extensions
from workflows.steps import Notify

HERE = "tests.worker.test_registry"


class Wave(BaseModel):
    name: ClassVar[str] = "wave"
    version: ClassVar[str] = "3"

    async def run(self, ctx: StepContext) -> None:
        """Wave."""


class Pigeon:
    use: ClassVar[str] = "pigeon"

    class Settings(BaseModel):
        """None."""

    def __init__(self, settings: Any) -> None: ...

    def check_address(self, address: str) -> str | None:
        return None

    async def send(self, message: Message, address: str) -> Delivery:
        return Delivery()


class Usurper(Wave):
    name: ClassVar[str] = "notify"


class Nameless(BaseModel):
    async def run(self, ctx: StepContext) -> None:
        """Nothing."""


class Mute:
    use: ClassVar[str] = "mute"
    Settings: ClassVar[type[BaseModel]] = Pigeon.Settings


def point(name: str, what: str, *, kind: str = "steps") -> EntryPoint:
    return EntryPoint(name, f"{HERE}:{what}" if ":" not in what else what, f"escalade.{kind}")


def test_what_comes_with_escalade_is_always_there() -> None:
    found = extensions()
    assert {"notify", "webhook"} <= set(found.steps)
    assert {"console", "smtp", "webhook", "apprise"} <= set(found.channels)
    assert extensions() is found


def test_installed_steps_and_channels_are_found_beside_the_built_in_ones() -> None:
    found = load_extensions(
        steps=[Notify],
        channels=[ConsoleChannel],
        step_points=[point("wave", "Wave")],
        channel_points=[point("pigeon", "Pigeon", kind="channels")],
    )
    assert found.steps["wave"] is Wave
    assert set(found.channels) == {"console", "pigeon"}
    assert found.origins["step notify"] == "escalade"


def test_every_broken_extension_is_told_at_once() -> None:
    with pytest.raises(BrokenExtensionError) as refused:
        load_extensions(
            steps=[Notify],
            channels=[],
            step_points=[
                point("gone", "no.such.module:Step"),
                point("usurper", "Usurper"),
                point("nameless", "Nameless"),
                point("no-model", "Pigeon"),
            ],
            channel_points=[point("mute", "Mute", kind="channels")],
        )
    told = "\n".join(refused.value.reasons)
    assert len(refused.value.reasons) == 5
    assert "no.such.module:Step does not load: ModuleNotFoundError" in told
    assert "step notify (unknown package): the word is taken by escalade" in told
    assert "Nameless has no class attribute `name`" in told
    assert "Pigeon is no pydantic model" in told
    assert "Mute has no method `check_address`" in told
    assert refused.value.exit_code == 3
