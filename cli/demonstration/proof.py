"""What the demo proved: each statement is computed from what the receivers got and what the journal says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cli.demonstration.receivers import Received
from escalade.record import Entry
from store import Store

REACHED: Final = ("page.accepted", "page.delivered", "page.crossed")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds, or does not."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Killing:
    """The death of the worker, and what was to happen while nobody lived."""

    worker: int
    successor: int
    at: datetime
    due: datetime
    """When the next round was due."""
    tier: str
    round: int


def entries_of(store: Store) -> list[Entry]:
    """Every entry of every ticket."""
    return [stored.entry for stream in store.streams("ticket/") for stored in store.entries(stream)]


def told(entries: Sequence[Entry]) -> list[str]:
    """The ids of the messages that the journal says were accepted."""
    return [entry.data["message_id"] for entry in entries if entry.kind in REACHED]


def deliveries(entries: Sequence[Entry], received: Sequence[Received]) -> Fact:
    """What the journal says was accepted is what arrived: nothing lost, nothing twice."""
    sent, arrived = Counter(told(entries)), Counter(one.message_id for one in received)
    lost, unknown = sum((sent - arrived).values()), sum((arrived - sent).values())
    twice = sum(count - 1 for count in arrived.values())
    if lost or unknown or twice or not sent:
        text = f"{sum(sent.values())} messages on record, {sum(arrived.values())} received: {lost} lost, "
        return Fact(ok=False, text=f"{text}{unknown} not on record, {twice} twice")
    return Fact(
        ok=True, text=f"{len(sent)} messages on record, the same {len(arrived)} received: none lost, none twice"
    )


def signatures(received: Sequence[Received]) -> Fact:
    """Every webhook was signed."""
    hooks = [one for one in received if one.signed is not None]
    good = sum(bool(one.signed) for one in hooks)
    return Fact(ok=good == len(hooks) > 0, text=f"{good} of {len(hooks)} webhooks were signed with the shared secret")


def quiet_after(entries: Sequence[Entry], received: Sequence[Received], key: str) -> Fact:
    """Between the acknowledgement and the resolve limit nobody was told anything about the ticket."""
    own = [entry for entry in entries if entry.stream == f"ticket/{key}"]
    acknowledged = next((entry for entry in own if entry.kind == "ticket.acknowledged"), None)
    climbed = next(
        (e for e in own if e.kind == "tier.left" and acknowledged is not None and e.at > acknowledged.at), None
    )
    if acknowledged is None or climbed is None:
        return Fact(ok=False, text="there was no acknowledgement followed by a climb")
    pages = [one for one in received if one.ticket == key and acknowledged.at < one.at < climbed.at]
    seconds = (climbed.at - acknowledged.at).total_seconds()
    who = f"{len(pages)} messages left" if pages else "nobody was told anything"
    text = f"{who} in the {seconds:.0f} s between {acknowledged.actor.id}'s acknowledgement and the climb"
    return Fact(ok=not pages, text=text)


def fell_over(received: Sequence[Received]) -> Fact:
    """The refused message was followed by the person's next method."""
    for number, one in enumerate(received):
        if not one.refused:
            continue
        later = [r for r in received[number + 1 :] if r.ticket == one.ticket and not r.refused and one.to in r.to]
        if later:
            seconds = (later[0].at - one.at).total_seconds()
            text = f"{one.to}'s refused {one.way} was followed by {later[0].way} after {seconds:.1f} s"
            return Fact(ok=True, text=text)
    return Fact(ok=False, text="no refused message was followed by another method")


def survived(killing: Killing, received: Sequence[Received], key: str) -> Fact:
    """The round that fell due while no worker lived went out once."""
    hits = [one for one in received if one.ticket == key and _is_round(one, killing)]
    if len(hits) != 1:
        return Fact(ok=False, text=f"round {killing.round} of {killing.tier} went out {len(hits)} times after the kill")
    late = (hits[0].at - killing.due).total_seconds()
    before = (killing.due - killing.at).total_seconds()
    return Fact(
        ok=late >= 0,
        text=f"worker {killing.worker} was killed {before:.1f} s before round {killing.round} of {killing.tier}; "
        f"worker {killing.successor} sent that round once, {late:.1f} s late",
    )


def _is_round(one: Received, killing: Killing) -> bool:
    brief = one.data.get("ticket", {})
    paging = one.data.get("purpose") == "round"
    return paging and brief.get("tier") == killing.tier and brief.get("round") == killing.round


def silent(entries: Sequence[Entry], opened: int, over: Sequence[str]) -> Fact:
    """Every open ticket told somebody; those that arrived over told nobody."""
    loud = {entry.stream.removeprefix("ticket/") for entry in entries if entry.kind in REACHED}
    wrong = loud & set(over)
    ok = len(loud) == opened - len(over) and not wrong
    text = f"{len(loud)} of {opened} tickets told somebody; {len(over)} had arrived resolved and told nobody"
    return Fact(ok=ok, text=text)


def journal(store: Store) -> Fact:
    """The journal verifies."""
    wrong = [finding for finding in store.verify() if finding.tampered]
    streams = store.streams()
    count = sum(store.head(stream).seq for stream in streams)
    if wrong:
        return Fact(ok=False, text=f"the journal does not verify: {wrong[0]}")
    return Fact(
        ok=True, text=f"the journal verifies: {count} entries in {len(streams)} streams, every hash computed again"
    )
