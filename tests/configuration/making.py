"""A small good configuration, and what is changed in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field, SecretStr

from configuration import Configuration, check, load
from escalade.errors import Problem
from escalade.extension import Channel, Delivery, Message, Step, StepContext
from escalade.time.durations import Duration

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"

GOOD = {
    "escalade.yaml": """\
catch_all: team:managers
default_policy: desk
login: ana
channels:
  screen: {use: console}
  mail:
    use: smtp
    host: mail.example
    password: ${MAIL_PASSWORD}
places:
  room: {channel: screen, address: "#room"}
""",
    "people.yaml": """\
people:
  ana:
    name: Ana
    logins: [ana@example.com]
    methods:
      screen: {channel: screen}
      mail: {channel: mail, address: ana@example.com}
    rules:
      - use: screen
      - {use: mail, after: 5m}
  bob:
    methods:
      screen: {channel: screen}
teams:
  managers:
    members: [bob]
vendors:
  acme:
    methods:
      mail: {channel: mail, address: help@acme.example}
""",
    "schedules/duty.yaml": """\
schedule: duty
zone: Europe/Paris
rotation:
  members: [ana, bob]
  start: 2026-01-05
  handoff: monday 09:00
""",
    "policies/desk.yaml": """\
policy: desk
tiers:
  - name: first
    page: [schedule:duty]
    acknowledge_within: {sev1: 5m, default: 15m}
    resolve_within: 1h
  - name: second
    page: [team:managers, channel:room]
    acknowledge_within: 30m
    resolve_within: 4h
    steps:
      - use: notify
        with: {text: It is serious, after: 5m}
again: {from: second, times: 2}
""",
}
ENV = {"MAIL_PASSWORD": "hunter2-secret"}


class Nothing(BaseModel):
    """No settings."""


class Screen(Channel):
    """Takes any address and has no settings."""

    use: ClassVar[str] = "console"
    Settings: ClassVar[type[BaseModel]] = Nothing

    def __init__(self, settings: Nothing) -> None:
        del settings

    def check_address(self, address: str) -> str | None:
        del address
        return None

    async def send(self, message: Message, address: str) -> Delivery:
        raise NotImplementedError


class MailSettings(BaseModel):
    """Settings with a secret."""

    host: str = Field(min_length=3)
    port: int = Field(25, ge=1, le=65535)
    password: SecretStr
    more_passwords: list[SecretStr] = Field(default_factory=list)


class Mail(Channel):
    """Takes mail addresses, and repeats what it refuses."""

    use: ClassVar[str] = "smtp"
    Settings: ClassVar[type[BaseModel]] = MailSettings

    def __init__(self, settings: MailSettings) -> None:
        if settings.host == "unusable":
            raise RuntimeError(f"cannot log in with {settings.password.get_secret_value()}")

    def check_address(self, address: str) -> str | None:
        return None if "@" in address else f"{address!r} has no @"

    async def send(self, message: Message, address: str) -> Delivery:
        raise NotImplementedError


class Notify(BaseModel):
    """A step with settings."""

    name: ClassVar[str] = "notify"
    version: ClassVar[str] = "1"

    text: str
    after: Duration = timedelta(0)

    async def run(self, ctx: StepContext) -> str:
        raise NotImplementedError


CHANNELS: Mapping[str, type[Channel]] = {"console": Screen, "smtp": Mail}
STEPS: Mapping[str, type[Step]] = {"notify": Notify}


def write(directory: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Put files under a directory; None leaves one out."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


def changed(file: str, *changes: tuple[str, str]) -> dict[str, str]:
    """The good configuration with texts of one file replaced; each has to be there exactly once."""
    text = GOOD[file]
    for old, new in changes:
        assert text.count(old) == 1, (file, old)
        text = text.replace(old, new)
    return {**GOOD, file: text}


def look(directory: Path, *, env: Mapping[str, str] = ENV) -> list[Problem]:
    """Everything wrong with a directory, with the kinds of channel and the step above."""
    return check(directory, env=env, channels=CHANNELS, steps=STEPS)


def told(directory: Path, *, env: Mapping[str, str] = ENV) -> list[str]:
    """The same as lines; warnings say so."""
    return [f"{'warning: ' if p.level == 'warning' else ''}{p}" for p in look(directory, env=env)]


def loaded(directory: Path, *, env: Mapping[str, str] = ENV) -> Configuration:
    """The configuration of a directory."""
    return load(directory, env=env, channels=CHANNELS, steps=STEPS)
