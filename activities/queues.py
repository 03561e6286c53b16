"""The task queues, by name: whoever only sends something needs no more of the activities."""

from __future__ import annotations

from typing import Final

TICKETS_QUEUE: Final = "escalade-tickets"
PAGES_QUEUE: Final = "escalade-pages"
JOURNAL_QUEUE: Final = "escalade-journal"
