"""Rounds that find no room, people who are passed over, and pages that were told in a digest.

Case E12 (a chain that pauses below a number of alerts) is about the frequency of similar tickets, which no rule reads
yet; E19 (a second SMS within two minutes joins one bundle) is `test_e19_…` here; E18 is in `tests/people`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from escalade.effects import AnyEffect, ResolveRound, RoundResolved, SendPages
from escalade.engine import RosterChanged, dues
from escalade.engine.events import DigestTold
from escalade.messages.activities import Receipt
from escalade.people.resolve import PassedOver, Recipient, ResolvedRound, resolve_round
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Severity, Ticket

PEOPLE = roster("ana", "bob")
TWO = policy(
    {"name": "first", "page": ["person:ana"], "acknowledge_within": "1h", "repeat_every": "5m"},
    {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    ignore_quiet_hours=["sev1"],
)


class Crowded(Climb):
    """A climb in which the roster's answers about room are scripted."""

    def __init__(self, *answers: float | str, severity: str = "sev3", pinned: Any = TWO) -> None:
        """Args: answers: minutes from the start at which there is room, or why it is a digest; then all have room."""
        self.script = list(answers)
        self.asked: list[ResolveRound] = []
        super().__init__(pinned, PEOPLE, Ticket(title="x", severity=Severity(severity)))

    def _answer(self, effect: AnyEffect) -> None:
        if isinstance(effect, ResolveRound) and effect.purpose == "round":
            self.asked.append(effect)
            if self.script:
                self.happens(RoundResolved(effect=effect.id, resolved=self._room(effect, self.script.pop(0))))
                return
        super()._answer(effect)

    def _room(self, effect: ResolveRound, answer: float | str) -> ResolvedRound:
        found = resolve_round(self.roster, effect.request, at=self.now, load={})
        if isinstance(answer, str):
            people = [one.model_copy(update={"digest": answer}) for one in found.recipients]
            return found.model_copy(update={"recipients": people})
        at = START + timedelta(minutes=answer)
        over = [PassedOver(target=one.target, why="had 5 pages within 1h", until=at) for one in found.recipients]
        return ResolvedRound(nobody="everybody here is over: person:ana", room_at=at, passed=over)

    def _send(self, effect: SendPages) -> list[Receipt]:
        collected = [
            Receipt(target=who.target, method="digest", channel="", outcome="digested", at=self.now)
            for who in effect.people
            if who.digest
        ]
        rest = [who for who in effect.people if not who.digest]
        return [*collected, *super()._send(effect.model_copy(update={"people": rest}))]

    def digest(self, outcome: str, **more: Any) -> None:
        """Somebody reports what became of the digest."""
        [first, *_] = [one for one in self.entries if one.kind == "page.digested"]
        receipt = {"target": "person:ana", "method": "mail", "channel": "mail", "outcome": "accepted", "at": self.now}
        given = {
            "life": "life",
            "round_id": first.data["round_id"],
            "rung": first.data["rung"],
            "round": first.data["round"],
            "target": "person:ana",
            "outcome": outcome,
            "size": 7,
            "receipts": [receipt] if outcome == "told" else [],
            "event_id": "digest-1",
        }
        self.happens(DigestTold.model_validate(given | more))


def test_a_round_without_room_is_one_due_and_neither_repeats_nor_polls() -> None:
    climb = Crowded(20)
    assert [due.kind for due in dues(climb.state)] == ["room", "tier_limit"]
    climb.forward(minutes=19.9)
    assert (climb.pages, len(climb.asked)) == ([], 1)
    climb.forward(minutes=0.1)
    assert climb.minutes_of("person:ana") == [20]
    climb.forward(minutes=10)
    assert climb.minutes_of("person:ana") == [20, 25, 30]  # the rhythm of the tier goes on
    [waits] = climb.noted("round.waits")
    assert "waits until" in waits.what
    # Whoever asks why a person was not paged finds a line of their own, not only one of the round's.
    [over] = climb.noted("page.passed_over")
    assert (over.what, over.data["target"]) == ("person:ana is not paged", "person:ana")
    assert over.why.startswith("had 5 pages within 1h; no room until")


def test_room_may_be_gone_again_and_the_tier_limit_counts_from_the_entry_all_the_same() -> None:
    climb = Crowded(20, 40, 70)
    climb.forward(minutes=59.9)
    assert (climb.tier, climb.pages) == ("first", [])
    climb.forward(minutes=0.1)
    assert climb.tier == "second"
    assert climb.minutes_of("person:bob") == [60]


def test_a_raised_severity_asks_again_at_once() -> None:
    climb = Crowded(50)
    climb.forward(minutes=3)
    climb.does("bob", "severity", severity="sev1")
    climb.tick()
    assert climb.minutes_of("person:ana") == [3]
    assert climb.asked[-1].request.pressure is not None
    assert climb.asked[-1].request.pressure.ignore_quiet


def test_a_changed_roster_is_looked_at_at_once() -> None:
    climb = Crowded(50)
    climb.forward(minutes=3)
    climb.happens(RosterChanged())
    assert climb.minutes_of("person:ana") == [3]


def test_who_acknowledges_while_it_waits_has_it() -> None:
    climb = Crowded(50)
    climb.does("bob", "acknowledge")
    climb.forward(hours=2)
    assert climb.pages == []
    assert climb.tier == "first"


def test_who_is_passed_over_is_written_down_with_who_is_told_instead() -> None:
    climb = Crowded()
    climb.answers = False
    climb.forward(minutes=5)
    [asked] = [one for one in climb.state.pending.values() if isinstance(one, ResolveRound)]
    passed = [PassedOver(target="person:ana", why="rests after a page", until=climb.now, instead="person:bob")]
    told = [Recipient(target="person:bob", why="instead of person:ana")]
    climb.happens(RoundResolved(effect=asked.id, resolved=ResolvedRound(recipients=told, passed=passed)))
    [entry] = climb.noted("page.passed_over")
    assert entry.what == "person:ana is not paged; person:bob instead"
    assert entry.why.startswith("rests after a page; no room until ")


def test_only_rounds_of_the_tier_press_on_limits_and_not_those_who_were_named() -> None:
    climb = Crowded()
    assert [one.request.pressure is not None for one in climb.asked] == [True]
    climb.does("bob", "reassign", to="person:bob", reason="knows it")
    assert [one.request.pressure is not None for one in climb.asked] == [True, False]


def test_e19_a_second_page_that_joins_a_bundle_is_told_with_it_and_known_as_told() -> None:
    climb = Crowded("had 1 page within 2m")
    assert [page.target for page in climb.pages] == []
    [entry] = climb.noted("page.digested")
    assert entry.what.startswith("person:ana is told in a digest")
    assert climb.tier == "first"  # it is no failed round
    climb.digest("told")
    [told] = climb.noted("page.accepted")
    assert told.what == "person:ana was told by mail (in a digest of 7 tickets)"
    assert [one.outcome for one in climb.state.visit.told["person:ana"].receipts] == ["accepted"]  # type: ignore[union-attr]


def test_a_digest_that_is_reported_twice_or_to_another_life_changes_nothing() -> None:
    climb = Crowded("a rate")
    climb.digest("told", life="another", event_id="of another")
    assert climb.noted("page.accepted") == []
    climb.digest("told")
    climb.digest("told")
    assert len(climb.noted("page.accepted")) == 1


def test_a_digest_that_reached_nobody_is_a_failed_round() -> None:
    climb = Crowded("a rate")
    climb.digest("failed", detail="the mail server is down")
    assert climb.tier == "second"
    assert climb.noted("round.failed")[0].why == "the mail server is down"


def test_a_digest_that_fails_after_somebody_answered_or_it_moved_on_moves_nothing() -> None:
    acknowledged = Crowded("a rate")
    acknowledged.does("bob", "acknowledge")
    acknowledged.digest("failed")
    assert acknowledged.tier == "first"
    moved = Crowded("a rate")
    moved.does("bob", "escalate", reason="now")
    moved.digest("failed")
    assert (moved.tier, moved.state.rung) == ("second", 2)
    assert len(moved.noted("page.accepted")) == 1  # bob's own page


def test_what_was_dropped_from_a_digest_is_written_down() -> None:
    climb = Crowded("a rate")
    climb.does("bob", "acknowledge")
    climb.digest("dropped", detail="acknowledged meanwhile")
    [entry] = climb.noted("page.dropped")
    assert (entry.what, entry.why) == ("person:ana is not told in the digest", "acknowledged meanwhile")


def test_sn4_a_digest_in_hand_does_not_keep_the_limit_from_climbing() -> None:
    ladder = policy(
        {"name": "first", "page": ["person:ana"], "acknowledge_within": "30m", "repeat_every": "10m"},
        {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    )
    climb = Crowded("a rate", "a rate", "a rate", pinned=ladder)
    climb.forward(minutes=30)
    assert len(climb.asked) == 4  # the first, two reminders, and the next tier's
    assert climb.minutes_of("person:bob") == [30]
