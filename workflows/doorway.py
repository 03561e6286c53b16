"""Total readers of what arrives from outside: raw payloads become events, or a sentence that says why not.

Nothing here raises: a handler that raises wedges its ticket for ever (decision 41).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.common import RawValue

from escalade.effects import StepFinished
from escalade.engine import Event, MergedHere, Opened, RosterChanged, Unreadable, WindowsChanged
from escalade.engine.events import DeliveryFailed, DigestTold, MergeAnswered
from escalade.errors import InstantError
from escalade.messages import COMMANDS, Command, read_command, read_ticket
from escalade.time.instants import parse_instant

LARGEST: Final = 128 * 1024
"""Bytes of one message: Temporal takes no payload over 2 MB, and a ticket hands on what it hears."""

FACTS: Final[dict[str, type[BaseModel]]] = {
    "merged": MergedHere,
    "merge_answer": MergeAnswered,
    "step_outcome": StepFinished,
    "delivery_failed": DeliveryFailed,
    "roster_changed": RosterChanged,
    "maintenance_changed": WindowsChanged,
    "digest_told": DigestTold,
}
"""What other tickets, steps and doors say by signal."""


def instant(text: str | None) -> datetime | None:
    """An instant that somebody asks about; None when it is none."""
    try:
        return parse_instant(text) if text else None
    except InstantError:
        return None


def plain(value: RawValue) -> Any:
    """The payload as plain JSON values; as text where it is no JSON."""
    payload = value.payload
    try:
        return workflow.payload_converter().from_payload(payload)
    except Exception:  # noqa: BLE001  whatever a foreign encoding raises, the message is what it is
        return payload.data.decode("utf-8", "replace")[:4000]


def command(name: str, args: Sequence[RawValue]) -> Command | str:
    """The command meant by an update or signal, or why it is none."""
    size = sum(len(value.payload.data) for value in args)
    if size > LARGEST:
        return f"{name} takes {size} bytes; at most {LARGEST} are read"
    return read_command(name, [plain(value) for value in args])


def event(name: str, args: Sequence[RawValue], *, foreign: bool) -> Event:
    """The event meant by a signal; what cannot be read is an event too. `foreign` as in `read_command`."""
    size = sum(len(value.payload.data) for value in args)
    if size > LARGEST:
        return Unreadable(door=f"signal {name[:64]!r}", text=f"{size} bytes; at most {LARGEST} are read")
    return event_of(name, [plain(value) for value in args[:1]], foreign=foreign)


def event_of(name: str, given: list[Any], *, foreign: bool = False) -> Event:
    """The event meant by a signal whose arguments are plain values. `foreign` as in `read_command`."""
    if name == "open":
        ticket, problems = read_ticket(given[0] if given else None)
        return Opened(ticket=ticket, problems=problems)
    if name in COMMANDS:
        read = read_command(name, given, foreign=foreign)
        return read if isinstance(read, Command) else Unreadable(door=f"signal {name}", text=read[:500])
    kind = FACTS.get(name)
    if kind is None:
        known = ", ".join(["open", *COMMANDS, *FACTS])
        return Unreadable(door=f"signal {name[:64]!r}", text=f"no such signal; known are {known}")
    try:
        fact = kind.model_validate(given[0] if given else {})
    except (ValidationError, ValueError, RecursionError) as error:
        return Unreadable(door=f"signal {name}", text=str(error)[:500])
    return fact  # type: ignore[return-value]
