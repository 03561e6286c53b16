"""A ticket's page on a terminal that has only so many lines: what happened last is always in sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from cli.render.moments import Moments
from cli.render.plain import one_line
from cli.render.ticket_page import ticket_page
from cli.render.timeline import entry_line, readable
from escalade.messages.views import TicketView
from escalade.record import Entry

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 12
"""Timeline lines on the live page, where there is room: the rest is in `show`."""


def live_page(
    view: TicketView, entries: Sequence[Entry], when: Moments, *, notices: Sequence[str], paper: Console
) -> Text:
    """The page, cut to the terminal as it is now.

    Args:
        view: what the ticket says of itself.
        entries: its timeline.
        when: how instants are written.
        notices: what the reader should know about this page; they are always in sight.
        paper: the terminal.
    """
    # One line is the cursor's.
    height = max(paper.size.height - 1, 4)
    told = _wrapped([Text(f"Note: {readable(notice, when)}", style="bad") for notice in notices], paper)[-height // 2 :]
    top = _wrapped(ticket_page(view, [], when), paper)
    happened = _wrapped([_line(entry, when) for entry in entries[-SHOWN:]], paper)
    heading = [Text(""), Text(f"Timeline, in {when.zone_name}", style="heading")] if happened else []
    earlier = len(entries) - SHOWN
    if earlier > 0:
        before = Text(f"  … {earlier} earlier lines in `escalade ticket show`", style="quiet")
        before.truncate(paper.width)
        heading.append(before)
    left = height - len(told)
    # Half of the page each, and what one half does not need is the other's.
    bottom = min(len(heading) + len(happened), max(left // 2, left - len(top)))
    if bottom < 2 * len(heading):
        heading = []
    happened = happened[-(bottom - len(heading)) :] if happened else []
    return Text("\n").join([*_cut(top, left - bottom, paper.width), *heading, *happened, *told])


def _line(entry: Entry, when: Moments) -> Text:
    line = entry_line(entry, when)
    line.plain = one_line(line.plain)
    return Text("  ") + line


def _wrapped(lines: Iterable[Text], paper: Console) -> list[Text]:
    return [part for line in lines for part in (line.wrap(paper, paper.width) if line.plain else [line])]


def _cut(lines: list[Text], room: int, width: int) -> list[Text]:
    """The first lines, and the last of them says how many are missing."""
    if len(lines) <= room:
        return lines
    kept = lines[: max(room - 1, 1)]
    more = Text(f"… {len(lines) - len(kept)} more lines in `escalade ticket show`", style="quiet")
    more.truncate(width)
    return [*kept, more] if room > 1 else kept
