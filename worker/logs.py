"""Log lines, as text or JSON, each with the ticket it is about."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from escalade.ticket import WORKFLOW_PREFIX, key_of
from escalade.time.instants import format_instant

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"ticket", "message", "asctime", "temporal_log"}


def ticket_of_context() -> str:
    """The key of the ticket whose workflow or activity this code runs in; empty when it runs in none."""
    # Asked of the loaded module only: a process that logs without Temporal does not load it for this.
    workflow = sys.modules.get("temporalio.workflow")
    activity = sys.modules.get("temporalio.activity")
    found: str | None = None
    if workflow is not None and workflow.in_workflow():
        found = workflow.info().workflow_id
    elif activity is not None and activity.in_activity():
        found = activity.info().workflow_id
    return key_of(found) if found and found.startswith(WORKFLOW_PREFIX) else found or ""


class TicketFilter(logging.Filter):
    """Gives every record a `ticket`; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set it from the record's own extra, or from where the code runs."""
        if not hasattr(record, "ticket"):
            record.ticket = ticket_of_context()
        return True


class TextFormatter(logging.Formatter):
    """`2026-11-21 14:03:07Z WARNING worker.main [abcdefghij] what happened`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows on lines of its own."""
        ticket = getattr(record, "ticket", "")
        line = f"{_at(record)} {record.levelname} {record.name}{f' [{ticket}]' if ticket else ''} {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `ticket`, `text`, and what the call added."""

    def format(self, record: logging.LogRecord) -> str:
        """Everything on one line, so that a collector needs no rules for what follows."""
        value: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "ticket": getattr(record, "ticket", ""),
            "text": record.getMessage(),
        }
        value |= {k: v for k, v in vars(record).items() if k not in _OWN and not k.startswith("_")}
        if record.exc_info:
            value["exception"] = self.formatException(record.exc_info)
        return json.dumps(value, ensure_ascii=False, default=str)


def _at(record: logging.LogRecord) -> str:
    return format_instant(datetime.fromtimestamp(record.created, UTC))


def set_up_logging(form: Literal["text", "json"], level: str, *, stream: TextIO | None = None) -> logging.Handler:
    """Send every logger's records to a stream, once.

    Args:
        form: `text` for people, `json` for collectors.
        level: the least level that is written.
        stream: standard error when omitted.

    Returns:
        The handler, so that a test can take it away again.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler.addFilter(TicketFilter())
    handler.set_name("escalade")
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.get_name() == "escalade"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # One line per HTTP call is noise, and its URL may hold a token; what they start and stop is said by us.
    for noisy in ("alembic", "httpx", "httpcore", "uvicorn", "temporalio.worker"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return handler
