"""Two tickets that are the same: one closes only when the other has said that it takes it (decision 19).

The source asks by the signal `merged`; the target answers by `merge_answer`. Neither ever closes on a mere delivery:
the other might be over, or be closing into this one at the same time. What changed at the source between the two is
told by a last `merged`, which waits for no answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from escalade.effects import TellTicket, TicketTold
from escalade.engine import clocks
from escalade.engine.acting import MANY
from escalade.engine.draft import CALLS, Draft
from escalade.engine.events import MergeAnswered, MergedHere
from escalade.engine.ladder import enter
from escalade.engine.moving import change_severity
from escalade.engine.state import TicketState
from escalade.messages.commands import Merge
from escalade.people.roster import parse_target
from escalade.record import canonical
from escalade.ticket import Status

ASK = "merged"
ANSWER = "merge_answer"
FORWARD = "open"


def merge(d: Draft, cmd: Merge) -> None:
    """Ask the other ticket to take this one. Until it answers, this one goes on."""
    state = d.state
    if cmd.into == state.key:
        d.refuse("same_ticket", "A ticket cannot be merged into itself.", actor=cmd.by, command=cmd.name)
        return
    if state.merging and state.merging != cmd.into:
        d.refuse("merging", f"It is being merged into {state.merging}.", actor=cmd.by, command=cmd.name)
        return
    state.merging = cmd.into
    facts = _facts(state)
    state.merge_said = _digest(facts)
    d.note("ticket.merging", f"{cmd.by.id} merges it into {cmd.into}", cmd.comment, actor=cmd.by, into=cmd.into)
    _tell(d, cmd.into, ASK, {"key": state.key, "title": state.ticket.title, **facts})
    d.text = f"being merged into {cmd.into}"


def _facts(state: TicketState) -> dict[str, object]:
    """What the other ticket takes over: how severe it is, and who watches it."""
    owner = [f"person:{state.owner}"] if state.owner and state.owner_is_person else []
    followers = list(dict.fromkeys([*owner, *state.followers]))[:MANY]
    return {"severity": state.ticket.severity.value, "followers": followers}


def _digest(facts: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical(facts)).hexdigest()[:16]


def _tell(d: Draft, key: str, signal: str, payload: Mapping[str, object]) -> None:
    effect_id = d.effect_id()
    said = {**payload, "event_id": f"{signal}:{d.state.life}:{effect_id}"[:255]}
    d.add(TellTicket(id=effect_id, rung=d.state.rung, key=key, signal=signal, payload=said))


def merged_here(d: Draft, event: MergedHere) -> None:
    """Another ticket asks to be taken: its watchers follow here, and the higher severity counts."""
    state = d.state
    if event.final and state.engine >= 3:
        _changed_meanwhile(d, event)
        return
    reason = "" if event.key in state.merged_from else _why_not(d, event)
    taken = not reason
    _tell(d, event.key, ANSWER, {"key": state.key, "taken": taken, "reason": reason})
    if not taken:
        d.note("ticket.merge_refused", f"{event.key} was not taken in", reason)
        return
    if event.key in state.merged_from:
        if state.engine >= 3:
            _changed_meanwhile(d, event)
        return
    state.merging = ""  # it was to go into that very ticket, if into any
    state.merged_from = [*state.merged_from, event.key][-MANY:]
    _follow(d, event)
    d.note(
        "ticket.merged_here",
        f"{event.key} was merged into this: {event.title}",
        "it is the same trouble",
        followers=event.followers,
    )
    _take_severity(d, event)


def _changed_meanwhile(d: Draft, event: MergedHere) -> None:
    """A ticket that was taken in says what had changed until it heard so; what is known already changes nothing."""
    state = d.state
    if event.key not in state.merged_from:
        d.note("ticket.merge_refused", f"what {event.key} says is not taken in", "it was not merged into this ticket")
        return
    added = _follow(d, event)
    if added:
        what = f"{event.key}, merged into this, has more watchers: {', '.join(added)}"
        d.note("ticket.merged_here", what, "they follow here", followers=added)
    _take_severity(d, event)


def _follow(d: Draft, event: MergedHere) -> list[str]:
    """Its watchers follow here; those who are new here."""
    followers, added = d.state.followers, []
    for who in event.followers:
        if who not in followers and len(followers) < MANY and _readable(who):
            followers.append(who)
            added.append(who)
    return added


def _take_severity(d: Draft, event: MergedHere) -> None:
    """The higher severity of the two counts."""
    state = d.state
    if event.severity.rank < state.ticket.severity.rank:
        old, new = state.ticket.severity.value, event.severity.value
        why = f"{event.key}, merged into this, has it"
        d.note("ticket.severity", f"severity {old} → {new}", why, old=old, new=new)
        change_severity(d, event.severity)


def _why_not(d: Draft, event: MergedHere) -> str:
    state = d.state
    if state.policy is None or not state.status.is_open:
        return f"{state.key} is {state.status.value}"
    if state.merging and (state.merging != event.key or state.key > event.key):
        # Of two that ask each other the one with the smaller key stays; a ring of them stays as it is.
        return f"{state.key} is itself being merged into {state.merging}"
    return ""


def _readable(target: str) -> bool:
    try:
        parse_target(target)
    except ValueError:
        return False
    return True


def merge_answered(d: Draft, event: MergeAnswered) -> None:
    """The other ticket has answered."""
    if d.state.merging != event.key:
        return
    if event.taken:
        _last_word(d, event.key)
        _merged(d, event.key)
    else:
        _not_merged(d, event.key, event.reason)


def _last_word(d: Draft, into: str) -> None:
    """Tell the other ticket what has changed here since it was asked: its watchers follow, the higher severity counts.

    This ticket ends when that is delivered; it closes at once.
    """
    state = d.state
    facts = _facts(state)
    if state.engine < 3 or _digest(facts) == state.merge_said:
        return
    d.note("ticket.merge_changed", f"{into} is told what has changed here", "it took in what was so when it was asked")
    _tell(d, into, ASK, {"key": state.key, "title": state.ticket.title, **facts, "final": True})


def ticket_told(d: Draft, event: TicketTold) -> None:
    """Another ticket has, or could not, be told."""
    effect = d.state.pending.pop(event.effect, None)
    if not isinstance(effect, TellTicket):
        return
    if effect.signal == ASK and effect.payload.get("final") and not event.delivered:
        d.note("ticket.merge_untold", f"{effect.key} could not be told what had changed here", event.error)
        return
    if d.state.merging != effect.key:
        return
    if not event.delivered:
        _not_merged(d, effect.key, event.error)
    elif effect.signal == FORWARD:
        _merged(d, effect.key)


def _not_merged(d: Draft, into: str, why: str) -> None:
    state = d.state
    state.merging = state.merge_said = ""
    d.note("ticket.merge_failed", f"could not be merged into {into}; it goes on here", why)
    if state.visit is None and state.policy is not None and state.status.is_open:
        start = state.policy.start_at.get(state.ticket.severity, 0)
        clocks.begin(d)
        enter(d, start, d.now, f"{into} is not open any more")


def _merged(d: Draft, into: str) -> None:
    state = d.state
    state.merging = state.merge_said = ""
    state.merged_into = into
    if state.status is Status.CLOSED:
        what = f"merged into {into}, which was told after it closed"
        d.note("ticket.merged", what, "its watchers follow there")
        return
    d.stop_paging(CALLS)
    d.drop_steps()
    clocks.ended(d, f"it goes on in {into}")
    state.pause = state.maintenance = None
    state.status = Status.CLOSED
    state.closed_at = d.now
    d.note("ticket.closed", f"closed as merged into {into}", "its watchers follow there")
