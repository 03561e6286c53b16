"""A timeline: one entry after the other, each with what happened and why."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.record import UNSAID, Entry

_BAD = (".failed", ".nobody", ".unknown", ".refused", ".exhausted", ".expired")
_GOOD = (".acknowledged", ".resolved", ".delivered", ".closed")
_NOT_TOLD = ("page.passed_over", "page.dropped")
"""Pages that were not made: nothing but their own line says why."""


def entry_line(entry: Entry, when: Moments) -> Text:
    """One entry: clock, who, what, and why after a dash."""
    line = Text().append(f"{when.clock(entry.at)}  ", style="quiet")
    if entry.actor.kind != "system":
        claimed = ", claimed" if entry.actor.claimed else ""
        via = f" by {entry.actor.via}" if entry.actor.via else ""
        line.append(f"[{entry.actor.id}{via}{claimed}] ", style="key")
    line.append(readable(entry.what, when), style=_style(entry.kind))
    if entry.why not in ("", UNSAID) and (entry.kind in _NOT_TOLD or not entry.kind.startswith("page.")):
        # Why somebody was paged is said where the round was decided.
        line.append(f" — {readable(entry.why, when)}", style="quiet")
    line.plain = one_line(line.plain)
    return line


def timeline(entries: Iterable[Entry], when: Moments) -> list[Text]:
    """The entries in their order."""
    return [entry_line(entry, when) for entry in entries]


def readable(text: str, when: Moments) -> str:
    """Text of an entry on one line, its instants on the clock the reader chose."""
    return when.localised(one_line(text))


def _style(kind: str) -> str:
    if kind.endswith(_BAD):
        return "bad"
    return "good" if kind.endswith(_GOOD) else ""
