"""Rounds that find no room, people who are passed over, and pages that were told in a digest.

Case E12 (a chain that pauses below a number of alerts) is about the frequency of similar tickets, which no rule reads
yet; E19 (a second SMS within two minutes joins one bundle) is `test_e19_…` here; E18 is in `tests/people`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalade.effects import AnyEffect, PagesSent, ResolveRound, RoundResolved, SendPages
from escalade.engine import RosterChanged, dues
from escalade.engine.events import DigestTold
from escalade.messages.activities import Receipt
from escalade.people.resolve import PassedOver, Recipient, ResolvedRound, resolve_round
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Severity, Ticket

PEOPLE = roster("ana", "bob")
TWO = policy(
    {"name": "first", "page": ["person:ana"], "acknowledge_within": "1h", "repeat_every": "5m"},
    {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    ignore_quiet_hours=["sev1"],
)


class Crowded(Climb):
    """A climb in which the roster's answers about room are scripted."""

    def __init__(self, *answers: float | str, severity: str = "sev3", pinned: Any = TWO, people: Any = PEOPLE) -> None:
        """Args: answers: minutes from the start at which there is room, or why it is a digest; then all have room."""
        self.script = list(answers)
        self.asked: list[ResolveRound] = []
        super().__init__(pinned, people, Ticket(title="x", severity=Severity(severity)))

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


# -- a severity that is raised meanwhile ----------------------------------------------------------------------------


def one_round(*answers: float | str, **more: Any) -> Crowded:
    """A ladder in which nothing but the round in question would page for hours."""
    pinned = policy(
        {"name": "first", "page": ["person:ana"], "acknowledge_within": "8h"},
        {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    )
    return Crowded(*answers, pinned=pinned, **more)


def being_asked() -> tuple[Crowded, ResolveRound]:
    """A round for which the roster is being asked."""
    climb = one_round()
    climb.answers = False
    climb.does("bob", "escalate", reason="x")
    climb.does("ana", "return", reason="y")
    [asked] = [e for e in climb.state.pending.values() if isinstance(e, ResolveRound) and not e.cancelled]
    climb.pages.clear()
    return climb, asked


@pytest.mark.parametrize("answer", [120, "had 5 pages within 1h"])
def test_an_answer_for_a_lower_severity_puts_nothing_off(answer: float | str) -> None:
    climb, asked = being_asked()
    climb.does("bob", "severity", severity="sev1")
    climb.happens(RoundResolved(effect=asked.id, resolved=climb._room(asked, answer)))
    climb.answers = True
    climb.tick()
    assert climb.minutes_of("person:ana") == [0]
    assert climb.asked[-1].request.pressure is not None
    assert climb.asked[-1].request.pressure.severity is Severity.SEV1
    assert climb.noted("round.note")[-1].why == "its answer was for sev3, and it is sev1 now"


def test_a_digest_that_was_joined_for_a_lower_severity_puts_nothing_off() -> None:
    climb, asked = being_asked()
    climb.does("bob", "severity", severity="sev1")
    found = climb._room(asked, "had 5 pages within 1h")
    digested = Receipt(target="person:ana", method="digest", channel="", outcome="digested", at=climb.now)
    sent = PagesSent(effect=asked.id, receipts=[digested])
    climb.happens(RoundResolved(effect=asked.id, resolved=found, sent=sent))
    climb.answers = True
    climb.tick()
    assert climb.minutes_of("person:ana") == [0]


def test_what_waits_in_a_digest_is_paged_at_once_when_the_severity_is_raised() -> None:
    climb = one_round("had 5 pages within 1h")
    climb.forward(minutes=3)
    climb.does("bob", "severity", severity="sev2")
    climb.tick()
    assert climb.minutes_of("person:ana") == [3]
    climb.forward(minutes=3)
    climb.does("bob", "severity", severity="sev1")
    climb.forward(minutes=3)
    assert climb.minutes_of("person:ana") == [3]  # she was told since the digest: nothing is owed


def test_what_is_being_put_into_a_digest_is_paged_at_once_when_the_severity_is_raised() -> None:
    climb, asked = being_asked()
    climb.happens(RoundResolved(effect=asked.id, resolved=climb._room(asked, "had 5 pages within 1h")))
    climb.does("bob", "severity", severity="sev1")
    climb.answers = True
    climb.tick()
    assert climb.minutes_of("person:ana") == [0]


def test_a_raise_of_what_waits_in_a_digest_pages_nobody_when_somebody_has_it_or_it_stands_still() -> None:
    climb = one_round("had 5 pages within 1h")
    climb.does("ana", "acknowledge")
    climb.does("bob", "severity", severity="sev1")
    climb.forward(hours=1)
    assert climb.pages == []
    climb = one_round("had 5 pages within 1h")
    climb.does("bob", "pending", **{"for": "1h"})
    climb.does("bob", "severity", severity="sev1")
    climb.forward(hours=2)
    assert climb.minutes_of("person:ana") == [60]  # the end of the pause pages, once


def test_a_raise_that_ends_a_snooze_pages_what_waits_in_a_digest_once() -> None:
    climb = one_round("had 5 pages within 1h")
    climb.does("bob", "snooze", **{"for": "1h"})
    climb.does("bob", "severity", severity="sev1")
    climb.forward(hours=2)
    assert climb.minutes_of("person:ana") == [0]


def test_own_rules_count_from_the_first_page_and_not_from_a_digest() -> None:
    slow = roster("bob", ana=person(methods=("mail", "call"), rules={"mail": "0s", "call": "5m"}))
    climb = one_round("had 5 pages within 1h", people=slow)
    climb.forward(minutes=10)
    climb.does("bob", "severity", severity="sev1")
    climb.forward(minutes=30)
    assert [(climb.minute(page), page.method) for page in climb.pages] == [(10, "mail"), (15, "call")]


# -- a digest that leaves somebody out ------------------------------------------------------------------------------


def test_who_is_left_out_of_a_digest_while_the_ticket_waits_is_paged_at_once() -> None:
    climb = one_round("a rate")
    climb.forward(minutes=10)
    climb.digest("dropped", detail="it is acknowledged", receipts=[])
    climb.tick()
    assert climb.minutes_of("person:ana") == [10]
    assert "the digest left it out: it is acknowledged" in climb.noted("round.note")[-1].why


def test_a_digest_that_leaves_somebody_out_again_is_a_failed_round() -> None:
    climb = one_round("a rate", "a rate")
    climb.digest("dropped", detail="closed", receipts=[])
    climb.tick()
    assert (len(climb.asked), climb.pages) == (2, [])
    climb.digest("dropped", detail="closed", receipts=[], round=2, event_id="digest-2")
    assert climb.tier == "second"
    assert climb.noted("round.failed")[-1].why == "closed"


def test_who_is_left_out_of_a_digest_is_not_paged_where_nobody_is_to_be_told_or_a_later_round_was_made() -> None:
    climb = one_round("a rate")
    climb.does("bob", "pending", **{"for": "1h"})
    climb.digest("dropped", receipts=[])
    climb.forward(minutes=59)
    assert climb.pages == []
    climb = Crowded("a rate")
    climb.forward(minutes=6)
    climb.digest("dropped", receipts=[])
    climb.tick()
    assert climb.minutes_of("person:ana") == [5]
