"""What would happen to a ticket, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from cli.render.moments import Moments, rough
from cli.render.plain import one_line
from cli.render.timeline import readable
from cli.ticket.already import Already
from cli.ticket.foresight import Foreseen, ForeseenPage, Foresight
from escalade.ticket import Ticket
from escalade.time.instants import format_instant


def foresight_page(ticket: Ticket, found: Foresight, when: Moments) -> Iterator[Text]:
    """The way up, line by line."""
    line = Text("Would open ")
    line.append(ticket.severity.value, style=ticket.severity.value)
    line.append(f"  {one_line(ticket.title)}", style="heading")
    yield line
    yield Text(one_line(f"policy {found.policy} ({found.policy_why})"), style="quiet")
    yield Text("")
    if ticket.status != "new":
        yield Text(f"It arrives {ticket.status}: nobody would be paged.")
        return
    yield Text(f"If nobody answers, in {when.zone_name}:", style="heading")
    for happening in found.happenings:
        yield from _happening(happening, found, when)
    if found.unfinished:
        yield Text("  … and so on")
    if found.limited:
        yield Text("")
        whom = ", ".join(found.limited)
        yield Text(
            f"Not foreseen: limits and digests of {whom} count what else they are paged for by then.", style="quiet"
        )
    yield Text("")
    yield Text("Nothing was opened and nobody was paged.", style="quiet")


def already_page(ticket: Ticket, there: Already) -> Iterator[Text]:
    """What opening it would do to the ticket that is there already, line by line."""
    yield Text(f"Would {there.what} ").append(there.key, style="key").append(f"  {one_line(ticket.title)}", "heading")
    yield Text("")
    yield Text(there.sentence)
    yield Text(f"Where it stands: escalade ticket show {there.key}")
    yield Text("")
    yield Text("Nothing was opened and nobody was paged.", style="quiet")


def already_line(ticket: Ticket, there: Already) -> Text:
    """The same on one line."""
    line = Text().append(f"{ticket.severity.value}  ", style=ticket.severity.value)
    return line.append(f"{there.what} {there.key}", style="key").append(f"  {one_line(ticket.title)}")


def _happening(happening: Foreseen, found: Foresight, when: Moments) -> Iterator[Text]:
    after = happening.at - found.starts
    offset = f"+{rough(after)}" if after else "now"
    line = Text().append(f"  {offset:>7}  {when.clock(happening.at)}  ", style="quiet")
    if not happening.people:
        line.append(readable(happening.what, when), style="due")
        line.append(f" — {readable(happening.why, when)}" if happening.why else "", style="quiet")
        yield line
        return
    line.append(f"{happening.what}: ")
    line.append("; ".join(_who(page) for page in happening.people), style="key")
    yield line
    for page in happening.people:
        yield Text(f"{'':22}{page.target}: {readable(page.why, when)}", style="quiet")
    if happening.repeats and happening.last_at is not None:
        many = f"{happening.repeats} more round{'s' if happening.repeats > 1 else ''} of the same"
        yield Text(f"{'':22}and {many} until {when.clock(happening.last_at)}", style="quiet")


def _who(page: ForeseenPage) -> str:
    return f"{page.target} by {', '.join(page.methods)}"


def foresight_json(ticket: Ticket, found: Foresight, *, already: Already | None, looked: bool) -> dict[str, Any]:
    """The way up as programs read it; of one that is there already the way is not this one's."""
    return {
        "already": {"key": already.key, "what": already.what, "says": already.sentence} if already else None,
        "looked": looked,
        "ticket": ticket.model_dump(mode="json"),
        "policy": found.policy,
        "policy_why": found.policy_why,
        "happenings": [
            {
                "at": format_instant(happening.at),
                "after_seconds": (happening.at - found.starts).total_seconds(),
                "tier": happening.tier,
                "round": happening.round,
                "what": happening.what,
                "why": happening.why,
                "people": [{"target": p.target, "methods": p.methods, "why": p.why} for p in happening.people],
                "repeats": happening.repeats,
                "last_at": format_instant(happening.last_at) if happening.last_at else None,
            }
            for happening in ([] if already else found.happenings)
        ],
        "limited": [] if already else found.limited,
        "goes_on": found.unfinished and already is None,
    }


def foresight_line(ticket: Ticket, found: Foresight) -> Text:
    """A ticket and whom it would page first, on one line."""
    line = Text().append(f"{ticket.severity.value}  ", style=ticket.severity.value)
    first = next((happening for happening in found.happenings if happening.people), None)
    who = "; ".join(_who(page) for page in first.people) if first else "nobody"
    line.append(f"{found.policy}: {who}", style="key")
    line.append(f"  {one_line(ticket.title)}")
    return line
