"""The wire contract: inputs and outputs of every update, signal, query and activity.

Persisted models only ever grow, by fields with defaults; nothing here forbids extra fields.
"""

from __future__ import annotations

from escalade.messages.activities import (
    Admission,
    AdmitRequest,
    JournalAck,
    JournalBatch,
    PageRequest,
    PageResult,
    Receipt,
    ResolveRequest,
    Snapshot,
    TicketBrief,
)
from escalade.messages.commands import (
    COMMANDS,
    Acknowledge,
    Close,
    Command,
    Escalate,
    Follow,
    Merge,
    Note,
    Pending,
    Reassign,
    Reopen,
    Resolve,
    Respond,
    Resume,
    Return,
    SetSeverity,
    SetStatus,
    Snooze,
    Unacknowledge,
)
from escalade.messages.tolerant import read_command, read_ticket
from escalade.messages.views import Answer, TicketView, Told, Upcoming

__all__ = [
    "COMMANDS",
    "Acknowledge",
    "Admission",
    "AdmitRequest",
    "Answer",
    "Close",
    "Command",
    "Escalate",
    "Follow",
    "JournalAck",
    "JournalBatch",
    "Merge",
    "Note",
    "PageRequest",
    "PageResult",
    "Pending",
    "Reassign",
    "Receipt",
    "Reopen",
    "Resolve",
    "ResolveRequest",
    "Respond",
    "Resume",
    "Return",
    "SetSeverity",
    "SetStatus",
    "Snapshot",
    "Snooze",
    "TicketBrief",
    "TicketView",
    "Told",
    "Unacknowledge",
    "Upcoming",
    "read_command",
    "read_ticket",
]
