"""What is stored: the journal, the projection, the delivery ledger and the contact proofs.

SQLite embedded, PostgreSQL in production. `Store.open(url)` is the door; everything else is what it takes and gives.
"""

from __future__ import annotations

from store.audit import Finding
from store.ledger import Intended, Intent, StoredDelivery
from store.proofs import Proof
from store.query import TicketQuery
from store.retention import Pruned
from store.store import Store
from store.stored import StoredEntry

__all__ = [
    "Finding",
    "Intended",
    "Intent",
    "Proof",
    "Pruned",
    "Store",
    "StoredDelivery",
    "StoredEntry",
    "TicketQuery",
]
