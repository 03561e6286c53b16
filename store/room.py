"""What every part of the store has in hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from store.database import Database


class Room:
    """A part of the store: the database, and the clock for what the store itself records."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self.database = database
        self.now = now
