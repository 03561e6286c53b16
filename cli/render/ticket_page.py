"""The operator's page of one ticket: where it stands, what is next, who was told, and everything that happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from cli.render.clocks import clock_lines, used_lines
from cli.render.moments import Moments
from cli.render.plain import one_line
from cli.render.timeline import entry_line, readable
from escalade.messages.activities import Receipt
from escalade.messages.views import TicketView, Told
from escalade.record import Entry

_INDENT = "  "


def ticket_page(
    view: TicketView, entries: Sequence[Entry], when: Moments, *, notices: Sequence[str] = ()
) -> Iterator[Text]:
    """The page, line by line.

    Args:
        view: what the ticket says of itself.
        entries: its timeline, as complete as it could be read.
        when: how instants are written.
        notices: what the reader should know about this page ("the store is down, …").
    """
    yield from _head(view)
    yield from _section("Where it stands", _standing(view, when))
    yield from _section("Clocks", clock_lines(view.clocks, when))
    yield from _section("What happens next", _upcoming(view, when))
    yield from _section("Who was told", _told(view, when))
    yield from _section("Time used", used_lines(view.used))
    yield from _section("About it", _about(view, when))
    yield from _section(f"Timeline, in {when.zone_name}", (entry_line(entry, when) for entry in entries))
    for notice in notices:
        yield Text(f"Note: {readable(notice, when)}", style="bad")


def _section(title: str, lines: Iterator[Text]) -> Iterator[Text]:
    body = list(lines)
    if not body:
        return
    yield Text("")
    yield Text(title, style="heading")
    for line in body:
        # One character for one character: names and reasons, too, are what somebody wrote somewhere.
        line.plain = one_line(line.plain)
        yield Text(_INDENT) + line


def _head(view: TicketView) -> Iterator[Text]:
    severity = view.ticket.severity.value
    line = Text().append(view.key, style="key")
    line.append("  ").append(severity, style=severity).append("  ")
    line.append(one_line(view.ticket.title), style="heading")
    yield line


def _standing(view: TicketView, when: Moments) -> Iterator[Text]:
    named = f" ({view.status_name})" if view.status_name and view.status_name != view.status.value else ""
    status = Text(f"{view.status.value}{named}")
    status.append(f", opened {when.both(view.opened_at)}")
    yield status
    if view.merged_into:
        yield Text(f"merged into {view.merged_into}")
    if view.tier_name:
        place = _place(view)
        if view.round:
            place += f", round {view.round}"
        if view.entered_at:
            place += f", entered {when.both(view.entered_at)}"
        yield Text(place)
        if view.tiers:
            yield Text(f"ladder: {_ladder(view)}", style="quiet")
    yield _acknowledgement(view)
    if view.paused_why or view.paused_until:
        until = f" until {when.clock(view.paused_until)}" if view.paused_until else ""
        yield Text(f"paused{until}: {view.paused_why}".rstrip(": "), style="due")
    if view.maintenance_until and view.status.is_open:
        until = f"{when.clock(view.maintenance_until)} ({when.relative(view.maintenance_until)})"
        yield Text(f"in maintenance until {until}: {readable(view.maintenance_why, when)}", style="due")
    if view.resolved_at:
        yield Text(f"resolved {when.both(view.resolved_at)}", style="good")
    for label, people in (("responders", view.responders), ("followers", view.followers)):
        if people:
            yield Text(f"{label}: {', '.join(people)}")
    counted = [
        text
        for count, text in (
            (view.bounces, f"returned {view.bounces} ×"),
            (view.passes, f"{view.passes + 1}. pass through the ladder"),
            (view.repeats, f"reported again {view.repeats} ×"),
        )
        if count
    ]
    if counted:
        yield Text(", ".join(counted))


def _place(view: TicketView) -> str:
    if not view.tiers:
        # Only the store could be asked, and it does not keep how many tiers there are.
        return f"tier {view.tier}: {view.tier_name}"
    if view.tier > len(view.tiers):
        return f"past the last tier: {view.tier_name}"
    return f"tier {view.tier} of {len(view.tiers)}: {view.tier_name}"


def _ladder(view: TicketView) -> str:
    return " → ".join(f"[{name}]" if n == view.tier else name for n, name in enumerate(view.tiers, 1))


def _acknowledgement(view: TicketView) -> Text:
    if view.acknowledged:
        owner = f"acknowledged, owner {view.owner}" if view.owner else "acknowledged by a system: nobody owns it"
        style = "good"
    elif view.status.is_open:
        owner, style = "not acknowledged", "bad"
    else:
        return Text(f"owner {view.owner}" if view.owner else "nobody owned it", style="quiet")
    return Text(f"{owner}{_quorum(view)}", style=style)


def _quorum(view: TicketView) -> str:
    """Who has acknowledged, and whose acknowledgement is one of those that are needed."""
    said = list(dict.fromkeys(view.acknowledgements))
    if view.quorum <= 1:
        return f"; acknowledged by {', '.join(said)}" if len(said) > 1 else ""
    paged = {told.target for told in view.told}
    counted = [who for who in said if who in paged]
    besides = [who for who in said if who not in paged]
    text = f"; {len(counted)} of {view.quorum} needed: {', '.join(counted) or 'nobody'}"
    if besides:
        text += f"; {', '.join(besides)} acknowledged too, which does not count: not paged in this tier"
    return text


def _upcoming(view: TicketView, when: Moments) -> Iterator[Text]:
    for n, due in enumerate(sorted(view.upcoming, key=lambda u: u.at)):
        line = Text().append(f"{when.relative(due.at)} ({when.clock(due.at)})  ", style="due" if n == 0 else "")
        line.append(readable(due.what, when))
        if due.why:
            line.append(f" — {readable(due.why, when)}", style="quiet")
        yield line
    if view.waiting_for:
        yield Text(f"waiting for: {readable(view.waiting_for, when)}")
    elif not view.upcoming:
        yield Text("nothing", style="quiet")


def _told(view: TicketView, when: Moments) -> Iterator[Text]:
    for told in view.told:
        yield from _one_told(told, when)


def _one_told(told: Told, when: Moments) -> Iterator[Text]:
    line = Text().append(told.target, style="key")
    line.append(f"  {readable(told.why, when)}", style="quiet")
    yield line
    for receipt in told.receipts:
        yield Text(_INDENT) + receipt_line(receipt, when)
    if not told.receipts:
        yield Text(f"{_INDENT}{when.clock(told.first_at)}  being told", style="quiet")


def receipt_line(receipt: Receipt, when: Moments) -> Text:
    """One delivery and what became of it."""
    how = receipt.method if receipt.method == receipt.channel else f"{receipt.method} by {receipt.channel}"
    line = Text(f"{when.clock(receipt.at)}  {how}: ")
    line.append(receipt.outcome, style="good" if receipt.reached else "bad")
    if receipt.step < 0:
        line.append(" (fallback)")
    if receipt.possibly_twice:
        line.append(" (possibly twice)")
    if receipt.at_night:
        line.append(" (at night)", style="quiet")
    if receipt.detail:
        line.append(f" — {one_line(receipt.detail)}", style="quiet")
    return line


def _about(view: TicketView, when: Moments) -> Iterator[Text]:
    ticket = view.ticket
    facts = [
        ("policy", f"{view.policy} ({view.policy_why})" if view.policy_why else view.policy),
        ("service", ticket.service),
        ("source", ticket.source),
        ("customer tier", ticket.customer_tier),
        ("environment", " ".join(filter(None, (ticket.environment, ticket.region)))),
        ("began", when.both(ticket.opened_at) if ticket.opened_at else ""),
        ("labels", " ".join(f"{k}={v}" for k, v in sorted(ticket.labels.items()))),
        ("tags", " ".join(ticket.tags)),
        ("runbook", ticket.runbook),
        *(("link", link) for link in ticket.links),
        ("description", ticket.description),
        ("unwritten", f"{view.unwritten} entries wait for the store" if view.unwritten else ""),
    ]
    for name, value in facts:
        if value:
            yield Text().append(f"{name}: ", style="quiet").append(one_line(value))
