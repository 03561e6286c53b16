"""Listens to what the engine says to people, and knows what of it has no French form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from activities.french.grammar import Missed
from activities.french.watch import DUE
from activities.reasons import say_notice, say_why
from escalade.effects import ResolveRound, SendPages
from escalade.engine import Decision, Event, upcoming


class Listener:
    """Follows decisions; `unspoken` is what a French reader would be told in English.

    What people say stays as they wrote it: their words come in with events, and are no sentences of the engine's.
    """

    def __init__(self) -> None:
        """Begin to listen."""
        self.unspoken: list[str] = []
        self.heard = 0
        """How many sentences it has listened to."""
        self._words: set[str] = set()

    def listen(self, event: Event, decision: Decision) -> None:
        """Take in what happened and what was said of it."""
        self._words |= set(_strings(event.model_dump(mode="json")))
        missed: Missed = []
        ticket = decision.state.ticket
        for effect in decision.effects:
            if isinstance(effect, ResolveRound):
                self.heard += 1
                about = {"title": ticket.title, "severity": ticket.severity.value}
                if effect.purpose == "notice":
                    say_notice(effect.subject, effect.text, "fr", **about, missed=missed)
                say_why(effect.request.why, "fr", missed=missed)
            elif isinstance(effect, SendPages):
                for person in effect.people:
                    say_why(person.why, "fr", missed=missed)
        for ahead in upcoming(decision.state):
            DUE.say(ahead.what, missed)
        self.unspoken += [text for text in missed if text not in self._words]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from value.split("\n")
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
