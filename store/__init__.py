"""What is stored: journal, projection, delivery ledger, contact proofs, what changes duty, maintenance windows.

SQLite embedded, PostgreSQL in production. `Store.open(url)` is the door; everything else is what it takes and gives.
"""

from __future__ import annotations

from store.audit import Finding
from store.feeds import FeedState
from store.ledger import Intended, Intent, StoredDelivery
from store.maintenance import NoSuchWindowError, WindowTakenError
from store.proofs import Proof
from store.query import TicketQuery
from store.retention import Pruned
from store.revision import RosterRevision
from store.roster import ClashError, KeptChange, NoSuchChangeError, SenselessChangeError
from store.store import Store
from store.stored import StoredEntry

__all__ = [
    "ClashError",
    "FeedState",
    "Finding",
    "Intended",
    "Intent",
    "KeptChange",
    "NoSuchChangeError",
    "NoSuchWindowError",
    "Proof",
    "Pruned",
    "RosterRevision",
    "SenselessChangeError",
    "Store",
    "StoredDelivery",
    "StoredEntry",
    "TicketQuery",
    "WindowTakenError",
]
