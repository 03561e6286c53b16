"""Giving an acknowledgement up: one's own, or everybody's."""

from __future__ import annotations

from escalade.engine.draft import Draft
from escalade.engine.ladder import rules_anew, unacknowledge, when_paged
from escalade.engine.state import Acknowledgement
from escalade.messages.commands import Unacknowledge
from escalade.ticket import Actor


def give_up(d: Draft, cmd: Unacknowledge) -> None:
    """Give up one's own acknowledgement; who has none says that nobody has it (decision 8).

    Of several who have it, the others keep it. Whoever loses theirs by somebody else's word is told.
    """
    acks = d.visit.acks
    if not d.state.is_acknowledged and not acks:
        d.refuse("not_acknowledged", "Nobody has acknowledged it.", actor=cmd.by, command=cmd.name)
        return
    why = cmd.comment or f"{cmd.by.id} gave it up"
    if d.state.engine < 3:
        unacknowledge(d, d.standing, why, kind="ticket.unacknowledged", actor=cmd.by)
        d.text = f"un-acknowledged; paging again{when_paged(d)}"
        return
    own = next((ack for ack in acks if (ack.by.id, ack.by.kind) == (cmd.by.id, cmd.by.kind)), None)
    if own is not None and len(acks) > 1 and take_back(d, own, why):
        return
    _everybody(d, cmd.by, why)


def take_back(d: Draft, lost: Acknowledgement, why: str) -> bool:
    """Take one of several acknowledgements away, if those that are left are enough.

    Args:
        d: the decision in the making.
        lost: the one.
        why: the reason, for the journal.

    Returns:
        False when they are not: then the ticket is to be un-acknowledged, and nothing has changed.
    """
    state, visit, tier = d.state, d.visit, d.state.tier
    left = [ack for ack in visit.acks if ack is not lost]
    quorum = tier.acknowledge_by if tier is not None else 1
    enough = quorum == 1 or sum(ack.counts for ack in left) >= quorum
    if visit.acknowledged_at is not None and not enough:
        return False
    visit.acks = left
    who = lost.by.id
    if visit.acknowledged_at is None:
        rules_anew(visit, [f"person:{who}"])  # their later steps were dropped when they acknowledged
    if state.owner == who:
        after = next((ack.by for ack in left if ack.by.is_person), None)
        state.owner = after.id if after is not None else ""
        _follows(d, who, lost.by)
        d.notify([f"person:{after.id}"] if after is not None else [], f"{state.ticket.title}: yours now", why)
    have = f"{state.owner or left[0].by.id} has it" if visit.acknowledged_at is not None else "paging goes on"
    d.note("ticket.acknowledgement_lost", f"{who} no longer has it; {have}", why, actor=lost.by, owner=state.owner)
    d.text = f"given up; {have}"
    return True


def _everybody(d: Draft, by: Actor, why: str) -> None:
    """Nobody has it: page again, and tell those who thought they had it."""
    losing = [ack.by for ack in d.visit.acks if ack.by.is_person and ack.by.id != by.id]
    unacknowledge(d, d.standing, why, kind="ticket.unacknowledged", actor=by)
    for actor in losing:
        _follows(d, actor.id, actor)
    title = d.state.ticket.title
    d.notify([f"person:{actor.id}" for actor in losing], f"{title}: un-acknowledged by {by.id}", why)
    d.text = f"un-acknowledged; paging again{when_paged(d)}"


def unknown_person(d: Draft, who: str) -> None:
    """The roster knows nobody of this name: their acknowledgement is none (decision 7: any *known* person may)."""
    visit = d.state.visit
    lost = next((ack for ack in visit.acks if ack.by.is_person and ack.by.id == who), None) if visit else None
    if lost is None or not d.state.status.is_open:
        return
    why = f"the roster knows nobody called {who}: whoever acknowledged may have misspelled a name"
    state = d.state
    if len(d.visit.acks) == 1 or not take_back(d, lost, why):
        unacknowledge(d, d.standing, why, kind="ticket.unacknowledged")
    # Whoever owned it goes on following; there is nobody here who could be told.
    state.followers = [target for target in state.followers if target != f"person:{who}"]


def _follows(d: Draft, who: str, actor: Actor) -> None:
    target = f"person:{who}"
    if actor.is_person and target not in d.state.followers:
        d.state.followers.append(target)
