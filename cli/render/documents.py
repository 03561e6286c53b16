"""JSON documents: what `--output json` writes. Their keys are documented and only ever grow."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

import click

from cli.streams import takes_everything

_ANSWERS: Final = {
    "answers": "what each ticket answered: `key`, `text`, `status`, `severity`, `tier`, `rung`, `owner`, "
    "`acknowledged`, `duplicate` (this was handled before), `confirmed` (false: Temporal holds it, no worker has "
    "handled it yet), `next` (`at`, `kind`, `what`, `why`)",
    "failed": "what did not work: `key`, `error`, `mend`, `code` (of a refusal), `exit_code`",
}
_COMMANDS: Final = (
    "ack",
    "unack",
    "status",
    "resolve",
    "escalate",
    "return",
    "snooze",
    "pending",
    "resume",
    "reassign",
    "respond",
    "follow",
    "severity",
    "note",
    "reply",
    "message",
    "merge",
    "reopen",
    "close",
)
_PROBLEMS: Final = "each with `file`, `line`, `field`, `found`, `mend`, `level`"

_CHANGE: Final = (
    "`id`, `kind`, who, when and why, `until` (where it stops being in force), `removed_at`, `says` (a sentence)"
)
_IDLE: Final = "whether it changes nothing as things stand, since the shifts that it speaks of are gone, say"
_HALVES: Final = (
    "`idle_halves`, the halves that change nothing: `person` (whose shift it was to be), `taker` (who was to take it), "
    "`start`, `end`, `on_duty` (who is all the same), `says`"
)
_IDLE_NOW: Final = (
    "other changes that had an effect until now and without this one have none, in whole or half: each with `id`, "
    "`kind`, `idle`, and of a swap `idle_halves`, as in its list"
)
_HELD: Final = "tickets that waited for somebody on duty: `waiting`, `told`, `why_not`"
_CHANGES: Final = ("override", "swap", "away", "temporary")

_SHIFT: Final = (
    "`person`, `start`, `end`, `why` (the whole sentence), `how` (rotation, override, swap, temporary or feed), "
    "`layer`, `rotation`, `override` (the id of the change that decided), `instead_of`"
)
_DUTIES: Final = {
    "at": "the instant, in UTC",
    "schedules": "each with `schedule`, `zone`, `at`, `people` (each with "
    f"{_SHIFT}), `until` (when who is on duty or why changes), `next` (`at`, `people`), "
    "`nobody` (why there is nobody), `notes` (what a reader should know)",
}

_WINDOW: Final = (
    "`id`, `source` (configuration or command), `by`, `is` (open, to come, over), `which` (tickets, in words), "
    "`window` (as written), `next` (its next openings: `start`, `end`), `more` (whether there are others)"
)
_CONCERNED: Final = "the tickets it concerns: `tickets` (how many), `told`, `why_not`"
_MADE: Final = {
    "add": ("new", "false when the same window was made before"),
    "end": ("ended_at", "when what was open of it ended"),
    "remove": ("removed", "true"),
}

DOCUMENTS: Final[dict[str, dict[str, str]]] = {
    "ticket open": {
        "opened": "tickets that Temporal holds: `key`, `title`, `existed` (it was there before), `line` of a file",
        "bad": f"rows that were not opened, {_PROBLEMS}",
        "left": "how many rows were not tried because Temporal did not answer",
    },
    "ticket open --dry-run": {
        "would": "for each ticket `policy`, `policy_why`, `happenings` (`at`, `after_seconds`, `tier`, `round`, "
        "`what`, `why`, `people`, `repeats`, `last_at`), `goes_on`, `limited` (whose limits and digests count what "
        "nobody can foresee) and the `ticket`; `already` (`key`, `what`, `says`) where a ticket of the same key is "
        "open, `looked`: whether that is known",
        "bad": f"rows that cannot be opened, {_PROBLEMS}",
    },
    "ticket list": {
        "tickets": "the rows of the list, as the tickets last said they stood",
        "more": "true when --limit left some out",
    },
    "ticket show": {
        "ticket": "what the ticket says of itself: `key`, `life`, `ticket`, `status`, `tier_name`, `rung`, `round`, "
        "`owner`, `acknowledged`, `told`, `upcoming`, `waiting_for`, `clocks` (each `name`, `state`, `target`, `due`, "
        "`consumed`, `left`, `paused_since`, `met`, …), `used` (`tier`, `visits`, `wall`, `business`), …",
        "timeline": "every entry: `entry_id`, `at`, `actor`, `kind`, `what`, `why`, `data`",
        "timeline_complete": "false when the journal could not be read: then these are the newest entries",
        "asked": "false when the ticket could not be asked: then this is what the store last heard of it",
        "notices": "what a reader should know",
    },
    "ticket why": {
        "clock": "the clock, as in `ticket show`",
        "seconds": "what was promised, in seconds of open time",
        "thresholds": "each with `at`, `threshold`, `passed`",
        "explanation": "what was counted, what was not, and why, line by line",
    },
    **{f"ticket {name}": _ANSWERS for name in _COMMANDS},
    "oncall now": _DUTIES,
    "oncall who": _DUTIES,
    "oncall preview": {
        "schedule": "which",
        "zone": "by whose wall clock it goes, and the instants here are written",
        "from": "the first instant asked for",
        "to": "the first one not asked for",
        "shifts": f"in order, whole; each with {_SHIFT}",
        "gaps": "when nobody is on duty: each with `schedule`, `start`, `end`",
    },
    **{
        f"maintenance {name}": {"window": _WINDOW, key: said, "concerned": _CONCERNED}
        for name, (key, said) in _MADE.items()
    },
    "maintenance list": {"windows": f"those that are open or to come: each with {_WINDOW}"},
    "maintenance show": {"window": _WINDOW, "tickets": "the keys of the open tickets that know it"},
    "oncall gaps": {
        "from": "the first instant asked for",
        "to": "the first one not asked for",
        "gaps": "each with `schedule`, `start`, `end`, on the wall clock of its schedule",
    },
    **{
        f"oncall {kind} add": {"change": _CHANGE, "new": "false when it was made already", "held": _HELD}
        for kind in _CHANGES
    },
    **{f"oncall {kind} list": {"changes": f"each with {_CHANGE}, and `idle`, {_IDLE}"} for kind in _CHANGES},
    "oncall swap list": {"changes": f"each with {_CHANGE}, `idle`, {_IDLE}, and {_HALVES}"},
    **{
        f"oncall {kind} remove": {
            "change": _CHANGE,
            "removed": "false when it was removed already",
            "idle_now": _IDLE_NOW,
            "held": _HELD,
        }
        for kind in _CHANGES
    },
    "oncall feeds": {
        "feeds": "each with `schedule`, `fetched_at` (when it last answered), `checked_at`, `stale` (why, or empty), "
        "`unknown` (whom it names that nobody of people.yaml is called)",
    },
    "calendar due": {
        "due": "when, with the offset of the calendar's wall clock",
        "seconds": "the budget as seconds of open time; business days are turned into them",
        "thresholds": "in the order asked: `at`, and `is`, which is the threshold as it was written",
        "explanation": "why, line by line: the budget, the start, open time, pauses, holidays, clock changes, the due",
    },
    "calendar between": {"seconds": "the open time between the two, in seconds; 0 when the end comes first"},
    "calendar show": {
        "calendar": "its name in the configuration",
        "name": "what people call it",
        "zone": "whose wall clock",
        "month": "like 2026-12",
        "days": "each with `date`, `hours` (like `09:00-12:30`), `seconds` and `notes` (holidays, clock changes, …)",
        "seconds": "the open time of the month",
    },
    "calendar list": {"calendars": "each with `calendar`, `name`, `zone` and `hours` by days as they are written"},
    "page test": {
        "person": "whom it went to",
        "receipts": "one for each method: `method`, `channel`, `outcome`, `at`, `detail`, `message_id`",
    },
    "journal show": {
        "stream": "its name",
        "entries": "each with `seq`, `hash`, `erased`, `entry_id`, `at`, `actor`, `kind`, `what`, `why`, `data`",
    },
    "journal verify": {
        "verified": "true when nothing was changed",
        "streams": "how many were checked",
        "findings": "each with `stream`, `seq`, `kind`, `text`, `tampered`",
    },
    "init": {"directory": "where", "written": "files that were made", "kept": "files that existed"},
    "check": {"directory": "which", "valid": "true when there is no error", "problems": _PROBLEMS},
    "schema": {"directory": "where", "written": "files that were made"},
    "doctor": {"healthy": "true when nothing is wrong", "findings": "each with `name`, `level`, `says`, `mend`"},
}
"""The keys of each document, and what they hold."""


def write_json(value: Any) -> None:
    """Write one document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=not takes_everything(sys.stdout)))


def write_json_line(value: Any) -> None:
    """Write one document on one line, for streams."""
    click.echo(json.dumps(value, ensure_ascii=not takes_everything(sys.stdout), separators=(",", ":")))
