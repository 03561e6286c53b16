"""Total readers: whatever another system sends becomes a ticket or command, or a sentence that says why not.

They never raise. A signal that could raise would wedge a ticket for ever (decision 41).
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from escalade.messages.commands import COMMANDS, Command
from escalade.ticket import Actor, Severity, Ticket

_LABELS: Final = 50
_ITEMS: Final = 50
_SENTENCE: Final = 1000
"""The longest sentence about what cannot be read: it becomes an entry."""


def _as_object(payload: object) -> dict[str, Any] | None:
    if isinstance(payload, bytes | str):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            return None
    if isinstance(payload, BaseModel):
        payload = payload.model_dump(mode="json", by_alias=True)
    return {str(k): v for k, v in payload.items()} if isinstance(payload, dict) else None


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str):
        try:
            value = json.dumps(value, default=str, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            value = f"an unreadable {type(value).__name__}"
    # A lone surrogate is valid JSON and no valid UTF-8: it would fail wherever it is stored.
    # PostgreSQL keeps no NUL in a text.
    return value.encode("utf-8", "replace").decode().replace("\x00", "")[:limit]


def _tidy(value: Any) -> Any:
    """A field of a command: its text, and that of who sent it, as any store can keep it."""
    if isinstance(value, str):
        return _text(value, len(value))
    if isinstance(value, dict):
        return {k: _text(v, len(v)) if isinstance(v, str) else v for k, v in value.items()}
    return value


def read_ticket(payload: object) -> tuple[Ticket, list[str]]:
    """Read a ticket from anything.

    Args:
        payload: JSON text, a mapping, or whatever arrived.

    Returns:
        A valid ticket and what had to be mended, one sentence each. What cannot be kept is named there.
    """
    written = _as_object(payload)
    if written is None:
        kept = _text(payload, 1024) if payload else ""
        return Ticket(title=kept or "untitled", description=""), ["the payload is no JSON object; kept as the title"]
    problems: list[str] = []
    fields: dict[str, Any] = {}
    for name, value in written.items():
        info = Ticket.model_fields.get(name)
        if info is None or value is None:
            continue
        fields[name] = _mend_field(name, value, problems)
    while True:
        try:
            return Ticket.model_validate(fields), problems
        except ValidationError as error:
            bad = {str(e["loc"][0]) for e in error.errors()}
            for name in sorted(bad):
                reason = next(e["msg"] for e in error.errors() if str(e["loc"][0]) == name)
                problems.append(f"{name} was left out: {reason}")
                fields.pop(name, None)


def _mend_field(name: str, value: Any, problems: list[str]) -> Any:
    if name == "severity":
        severity = Severity.read(value) if isinstance(value, str | int | float) else None
        if severity is None:
            problems.append(f"severity {_text(value, 40)!r} is unknown; taken as sev3")
        return severity or Severity.SEV3
    if name == "labels" and isinstance(value, dict):
        if len(value) > _LABELS:
            problems.append(f"{len(value)} labels; the first {_LABELS} are kept")
        return {_text(k, 64): _text(v, 256) for k, v in list(value.items())[:_LABELS]}
    if name in ("tags", "links") and isinstance(value, list):
        if len(value) > _ITEMS:
            problems.append(f"{len(value)} {name}; the first {_ITEMS} are kept")
        return [_text(v, 2048 if name == "links" else 64) for v in value[:_ITEMS]]
    limit = next((m.max_length for m in Ticket.model_fields[name].metadata if hasattr(m, "max_length")), None)
    if limit is None or isinstance(value, dict | list):
        return _tidy(value)
    text = _text(value, limit + 1)
    if len(text) > limit:
        problems.append(f"{name} is longer than {limit} characters; the rest is left out")
    if name == "title" and not text.strip():
        problems.append("the title is empty")
        return "untitled"
    return text[:limit]


def read_command(name: str, payloads: list[object], *, foreign: bool = True) -> Command | str:
    """Read a command from the name and arguments of an update or signal.

    Args:
        name: the name of the update or signal.
        payloads: its arguments; the first is the command, further ones are ignored.
        foreign: whether a severity may be called what other systems call it, as it may when a ticket is opened.

    Returns:
        The command, or the sentence that says why it is none.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        return f"{_text(name, 64)!r} is no command; known are {', '.join(COMMANDS)}"
    written = _as_object(payloads[0]) if payloads else {}
    if written is None:
        return f"the payload of {name} is no JSON object"
    written = {name: _tidy(value) for name, value in written.items()}
    by = written.get("by")
    if isinstance(by, str):
        written["by"] = {"kind": "integration", "id": _text(by, 128) or "unknown"}
    elif by is not None and not isinstance(by, dict):
        written["by"] = Actor().model_dump()
    if foreign and name == "severity" and isinstance(written.get("severity"), str):
        written["severity"] = Severity.read(written["severity"]) or written["severity"]
    event_id = written.get("event_id")
    if event_id is not None and not isinstance(event_id, str):
        written["event_id"] = _text(event_id, 255)
    try:
        command = kind.model_validate(written)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or name}: {e['msg']}" for e in error.errors()[:5]]
        return _text(f"{name} cannot be read: " + "; ".join(lines), _SENTENCE)
    except (ValueError, OverflowError, RecursionError) as error:
        return _text(f"{name} cannot be read: {error}", _SENTENCE)
    return command
