"""What arrives for the next life while this one ends: bounded, for it is handed over in one payload.

Temporal takes no payload over 2 MB. A run whose hand-over is larger could never end, and its key would be lost.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from escalade.engine import Event, LeftOut, Opened, Unreadable
from escalade.messages import COMMANDS, Command
from workflows.doorway import FACTS

MOST: Final = 500
"""Messages that are handed over."""

MOST_BYTES: Final = 400_000
"""What they may take together, as JSON."""

_KINDS: Final[dict[str, type[BaseModel]]] = {"opened": Opened, "unreadable": Unreadable, **FACTS, **COMMANDS}


class Parked(BaseModel):
    """Messages as they were understood, in order: never as they came, for that has no bound."""

    messages: list[tuple[str, dict[str, Any]]] = Field(default_factory=list)
    """What each is, and its fields."""
    left_out: int = 0
    _sizes: list[int] = PrivateAttr(default_factory=list)

    def add(self, event: Event) -> None:
        """Keep a message; where it becomes too much, leave out older ones.

        Arrivals go first, the oldest of them: they only add to the timeline of a ticket that is open. After them the
        oldest of anything: where a ticket stands is decided by what came last.
        """
        self.messages.append((_name_of(event), event.model_dump(mode="json", by_alias=True, exclude_defaults=True)))
        self._sizes.append(len(event.model_dump_json(by_alias=True, exclude_defaults=True).encode()))
        while len(self.messages) > 1 and (len(self.messages) > MOST or sum(self._sizes) > MOST_BYTES):
            at = next((n for n, (name, _) in enumerate(self.messages[:-1]) if name == "opened"), 0)
            del self.messages[at], self._sizes[at]
            self.left_out += 1

    def events(self) -> list[Event]:
        """What was kept, and how many were not."""
        found = [_read(name, fields) for name, fields in self.messages]
        return [LeftOut(count=self.left_out), *found] if self.left_out else found


def _name_of(event: Event) -> str:
    if isinstance(event, Command):
        return event.name
    return next(name for name, kind in _KINDS.items() if type(event) is kind)


def _read(name: str, fields: dict[str, Any]) -> Event:
    try:
        return _KINDS[name].model_validate(fields)  # type: ignore[return-value]
    except (KeyError, ValidationError) as error:
        # Handed over by another version of Escalade.
        return Unreadable(door="the ticket before", text=f"{name}: {error}"[:500])
