"""What passes between a run under an id that is no ticket's, and the activities that forward it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from escalade.ticket import Ticket


class ForwardRequest(BaseModel):
    """What belongs to a ticket and was said to another workflow."""

    key: str
    """The ticket's."""
    ticket: Ticket | None = None
    """What opens it, or adds to it; None when that was forwarded before."""
    signals: list[tuple[str, dict[str, Any]]] = Field(default_factory=list)
    """What follows, in order: the name and payload of each."""


class Forwarded(BaseModel):
    """How far that was passed on."""

    done: int = 0
    """Signals that need not be passed on again: taken, or refused for good. The others follow."""
    refused: int = 0
    """How many of them were refused for good: the ticket is over, or it takes no such signal."""
