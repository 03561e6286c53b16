"""Rounds, repeats, tier limits, whom a round reaches and what happens when it reaches nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.effects import PagesSent, ResolveRound, RoundResolved, SendPages
from escalade.engine import RosterChanged, dues
from escalade.engine.events import DeliveryFailed
from escalade.messages.activities import Receipt
from escalade.people.resolve import Load, ResolvedRound
from escalade.testing import START, Climb, Delivers, person, policy, roster
from escalade.ticket import Severity, Ticket

TWO = policy(
    {"name": "first", "page": ["person:ana"], "acknowledge_within": "15m", "repeat_every": "5m"},
    {"name": "second", "page": ["person:bob"], "acknowledge_within": "30m"},
)


def nobody_reaches(*targets: str) -> Delivers:
    return lambda target, plan, at: target not in targets


def minute(at: float) -> timedelta:
    return timedelta(minutes=at)


def test_round_one_is_at_once_and_the_others_every_repeat_before_the_limit() -> None:
    climb = Climb(TWO, roster("ana", "bob"))
    climb.forward(hours=1)
    assert climb.minutes_of("person:ana") == [0, 5, 10]


def test_without_repeat_every_there_is_one_round() -> None:
    climb = Climb(TWO, roster("ana", "bob"))
    climb.forward(minutes=44)
    assert climb.minutes_of("person:bob") == [15]


def test_the_tier_limit_climbs_when_nobody_acknowledged() -> None:
    climb = Climb(TWO, roster("ana", "bob"))
    climb.forward(minutes=14.99)
    assert climb.tier == "first"
    climb.forward(minutes=0.01)
    assert climb.tier == "second"


def test_the_repeat_that_falls_on_the_limit_is_not_made() -> None:
    climb = Climb(TWO, roster("ana", "bob"))
    climb.forward(minutes=15)
    assert climb.minutes_of("person:ana") == [0, 5, 10]


def test_durations_are_those_of_the_severity_and_default_otherwise() -> None:
    pinned = policy(
        {"name": "first", "page": ["person:ana"], "acknowledge_within": {"sev1": "5m", "default": "30m"}},
        {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    )
    for severity, limit in ((Severity.SEV1, 5), (Severity.SEV2, 30), (Severity.SEV5, 30)):
        climb = Climb(pinned, roster("ana", "bob"), Ticket(title="x", severity=severity))
        climb.forward(hours=1)
        assert climb.minutes_of("person:bob") == [limit]


def test_never_repeats_here_until_somebody_answers() -> None:
    pinned = policy(
        {"name": "first", "page": ["person:ana"], "acknowledge_within": "never", "repeat_every": "10m"},
        {"name": "second", "page": ["person:bob"], "acknowledge_within": "1h"},
    )
    climb = Climb(pinned, roster("ana", "bob"))
    climb.forward(days=2)
    assert climb.minutes_of("person:ana") == [10 * n for n in range(2 * 24 * 6 + 1)]
    assert climb.tier == "first"
    climb.does("ana", "acknowledge")
    climb.forward(days=2)
    assert len(climb.pages) == 2 * 24 * 6 + 1


def test_repeats_do_not_drift_when_they_are_handled_late() -> None:
    climb = Climb(policy({**_tier("first"), "acknowledge_within": "1h", "repeat_every": "10m"}), roster("ana"))
    climb.sleep(minutes=10, seconds=4)
    climb.tick()
    climb.forward(minutes=10)
    assert climb.minutes_of("person:ana") == [0, pytest.approx(10 + 4 / 60), 20]


def _tier(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "page": ["person:ana"], "acknowledge_within": "30m", **more}


# -- who a round tells ----------------------------------------------------------------------------------------------


def test_everyone_is_told_at_once_in_every_round() -> None:
    tier = _tier("first", page=["person:ana", "person:bob", "person:ana"], repeat_every="10m")
    climb = Climb(policy(tier), roster("ana", "bob"))
    climb.forward(minutes=29)
    assert climb.minutes_of("person:ana") == climb.minutes_of("person:bob") == [0, 10, 20]


def test_one_at_a_time_tells_the_next_person_every_repeat_and_wraps_round() -> None:
    tier = _tier("first", page=["person:ana", "person:bob", "person:cyd"], how="one_at_a_time", repeat_every="5m")
    climb = Climb(policy(tier), roster("ana", "bob", "cyd"))
    climb.forward(minutes=29)
    assert [page.target.removeprefix("person:") for page in climb.pages] == ["ana", "bob", "cyd"] * 2
    assert [climb.minute(page) for page in climb.pages] == [0, 5, 10, 15, 20, 25]


def test_an_undeliverable_person_is_followed_by_the_next_at_once() -> None:
    tier = _tier("first", page=["person:ana", "person:bob", "person:cyd"], how="one_at_a_time", repeat_every="5m")
    climb = Climb(policy(tier), roster("ana", "bob", "cyd"), delivers=nobody_reaches("person:ana", "person:bob"))
    climb.forward(minutes=4)
    assert [page.target for page in climb.pages] == ["person:ana", "person:bob", "person:cyd"]
    assert {page.at for page in climb.pages} == {START}
    assert climb.tier == "first"


def test_one_at_a_time_leaves_the_tier_when_all_of_them_were_tried_in_vain() -> None:
    first = _tier("first", page=["person:ana", "person:bob"], how="one_at_a_time", repeat_every="5m")
    tiers = first, _tier("second", page=["person:bob"])
    climb = Climb(policy(*tiers), roster("ana", "bob"), delivers=lambda target, plan, at: False)
    climb.forward(minutes=0)
    assert climb.minutes_of("person:bob") == [0, 0]
    assert climb.noted("tier.entered")[1].data["tier"] == "second"


def test_fair_tells_the_least_paged_then_the_longest_unpaged_then_roster_order() -> None:
    tier = _tier("first", page=["person:ana", "person:bob", "person:cyd"], how="fair", repeat_every="5m")
    climb = Climb(policy(tier), roster("ana", "bob", "cyd"), answers=False)
    long_ago, lately = START - timedelta(days=3), START - timedelta(days=1)
    climb.load = {
        "person:ana": Load(pages=2, last_paged_at=lately),
        "person:bob": Load(pages=2, last_paged_at=long_ago),
        "person:cyd": Load(pages=5, last_paged_at=long_ago),
    }
    climb.answers = True
    climb.answer()
    climb.forward(minutes=12)
    assert [page.target for page in climb.pages] == ["person:bob", "person:ana", "person:cyd"]


# -- nobody, four ways ----------------------------------------------------------------------------------------------


def _empty(nobody: str) -> Climb:
    first = _tier("first", page=["person:ghost"], nobody=nobody, repeat_every="10m")
    return Climb(policy(first, _tier("second")), roster("ana", ghost=person(methods=())))


def test_nobody_skip_is_the_default_and_climbs_at_once() -> None:
    tier = {"name": "first", "page": ["person:ghost"], "acknowledge_within": "30m"}
    climb = Climb(policy(tier, _tier("second")), roster("ana", ghost=person(methods=())))
    assert climb.minutes_of("person:ana") == [0]
    assert climb.noted("round.nobody")[0].why == "person:ghost has no contact method (nobody: skip)"


def test_nobody_wait_waits_for_its_limit() -> None:
    climb = _empty("wait")
    climb.forward(hours=1)
    assert climb.minutes_of("person:ana") == [30]


def test_nobody_wait_pages_whoever_comes_on_duty_at_the_next_round() -> None:
    climb = _empty("wait")
    climb.roster = roster("ana", "ghost")
    climb.forward(minutes=29)
    assert climb.minutes_of("person:ghost") == [10, 20]


def test_nobody_catch_all_pages_it_and_the_tier_keeps_its_limit() -> None:
    climb = _empty("catch_all")
    climb.forward(minutes=30)
    assert climb.minutes_of("channel:last-resort") == [0, 10, 20]
    assert climb.minutes_of("person:ana") == [30]


def _held(limit: str = "30m", **more: object) -> Climb:
    """A ticket that holds: the roster's answer names the next duty instant, two hours away."""
    first = _tier("first", page=["person:bob"], nobody="hold", acknowledge_within=limit, **more)
    climb = Climb(policy(first, _tier("second")), roster("ana", "bob"), answers=False)
    _answer_nobody(climb)
    climb.answers = True
    return climb


def _answer_nobody(climb: Climb) -> None:
    effect = next(e for e in climb.state.pending.values() if isinstance(e, ResolveRound))
    resolved = ResolvedRound(nobody="nobody is on duty", next_duty_at=START + minute(120))
    climb.happens(RoundResolved(effect=effect.id, resolved=resolved))


def test_hold_stops_the_tier_limit_until_somebody_is_on_duty() -> None:
    climb = _held()
    climb.forward(minutes=119)
    assert climb.tier == "first"
    assert not climb.pages
    climb.forward(minutes=30)
    assert climb.minutes_of("person:bob") == [120]
    assert climb.tier == "first", "whoever comes on duty has the tier's whole time"
    climb.forward(minutes=2)
    assert climb.tier == "second"


def test_hold_polls_nothing() -> None:
    climb = _held(repeat_every="1m")
    assert [due.at for due in dues(climb.state)] == [START + minute(120)]


def test_a_roster_command_wakes_a_held_ticket_with_the_whole_limit_ahead() -> None:
    climb = _held()
    climb.forward(minutes=60)
    climb.happens(RosterChanged())
    climb.forward(minutes=29)
    assert climb.minutes_of("person:bob") == [60]
    assert climb.tier == "first"
    climb.forward(minutes=2)
    assert climb.tier == "second"


def test_a_roster_command_that_brings_nobody_holds_on() -> None:
    climb = _held()
    climb.answers = False
    climb.forward(minutes=60)
    climb.happens(RosterChanged())
    _answer_nobody(climb)
    climb.answers = True
    climb.forward(minutes=59)
    assert climb.tier == "first"
    assert not climb.pages


@pytest.mark.parametrize("close", [False, True])
def test_a_roster_command_pages_nobody_for_a_held_ticket_that_is_over(close: bool) -> None:  # noqa: FBT001
    climb = _held()
    climb.does("bob", "resolve", close=close)
    climb.happens(RosterChanged())
    assert not climb.pages
    assert not climb.state.pending


def test_a_held_ticket_that_was_paused_longer_than_its_limit_is_not_climbed_over() -> None:
    climb = _held()
    climb.forward(minutes=60)
    climb.does("bob", "snooze", **{"for": "10m"})
    climb.forward(minutes=15)
    assert climb.minutes_of("person:bob") == [70]
    assert climb.tier == "first"


def test_hold_with_nobody_ever_coming_on_duty_falls_to_the_catch_all() -> None:
    climb = _empty("hold")
    assert climb.minutes_of("channel:last-resort") == [0]
    assert "nobody is coming on duty" in climb.noted("round.nobody")[0].why


# -- failed rounds --------------------------------------------------------------------------------------------------


def test_a_round_whose_deliveries_all_failed_climbs_at_once() -> None:
    climb = Climb(TWO, roster("ana", "bob"), delivers=nobody_reaches("person:ana"))
    assert climb.minutes_of("person:bob") == [0]
    assert "the next tier at once" in climb.noted("round.failed")[0].what


def test_a_later_round_whose_deliveries_all_failed_climbs_at_once_too() -> None:
    climb = Climb(TWO, roster("ana", "bob"), delivers=lambda target, plan, at: target != "person:ana" or at == START)
    climb.forward(minutes=6)
    assert climb.minutes_of("person:bob") == [5]


def test_a_round_that_its_channel_had_no_room_for_is_made_once_more_before_the_tier_is_left() -> None:
    climb = Climb(TWO, roster("ana", "bob"), answers=False)
    for tier in ("first", "second"):
        climb.tick()
        climb.answer_next()
        (pages,) = [effect for effect in climb.state.pending.values() if isinstance(effect, SendPages)]
        climb.sleep(minutes=1)
        skipped = Receipt(
            target="person:ana", method="mail", channel="mail", outcome="skipped", at=climb.now, detail="no turn came"
        )
        climb.happens(PagesSent(effect=pages.id, receipts=[skipped]))
        assert climb.tier == tier
    first, second = climb.noted("round.failed")
    assert (first.what, first.why) == (
        "round 1 was not sent to anybody (person:ana); it is made again",
        "person:ana by mail: no turn came",
    )
    assert "the next tier at once" in second.what


def test_a_round_that_reached_somebody_has_not_failed() -> None:
    tier = _tier("first", page=["person:ana", "person:bob"])
    climb = Climb(policy(tier, _tier("second")), roster("ana", "bob"), delivers=nobody_reaches("person:ana"))
    climb.forward(minutes=29)
    assert climb.tier == "first"


def test_a_method_that_fails_is_followed_by_the_next_one_at_once() -> None:
    ana = person(methods=("mail", "sms"))
    climb = Climb(TWO, roster("bob", ana=ana), delivers=lambda target, plan, at: plan.method != "mail")
    assert [(page.method, page.reached) for page in climb.pages] == [("mail", False), ("sms", True)]
    assert climb.tier == "first"


def test_a_later_failure_callback_pages_the_persons_next_channel() -> None:
    climb = Climb(TWO, roster("bob", ana=person(methods=("mail", "sms"))))
    climb.forward(minutes=1)
    climb.happens(DeliveryFailed(target="person:ana", method="mail", detail="bounced"))
    assert [(climb.minute(page), page.method) for page in climb.pages] == [(0, "mail"), (1, "sms")]
    assert climb.tier == "first"


def test_a_later_failure_callback_leaves_the_tier_when_nobody_remains_reached() -> None:
    climb = Climb(TWO, roster("ana", "bob"))
    climb.forward(minutes=1)
    climb.happens(DeliveryFailed(target="person:ana", method="mail", detail="bounced"))
    assert climb.minutes_of("person:bob") == [1]
    assert "nobody remains reached" in climb.noted("tier.entered")[-1].why


def test_a_later_failure_callback_changes_nothing_while_another_remains_reached() -> None:
    tier = _tier("first", page=["person:ana", "person:bob"])
    climb = Climb(policy(tier, _tier("second")), roster("ana", "bob"))
    climb.happens(DeliveryFailed(target="person:ana", method="mail"))
    assert climb.tier == "first"


def test_the_next_channel_failing_too_leaves_the_tier() -> None:
    ana = person(methods=("mail", "sms"))
    climb = Climb(TWO, roster("bob", ana=ana), delivers=lambda target, plan, at: plan.method != "sms")
    climb.happens(DeliveryFailed(target="person:ana", method="mail"))
    assert climb.minutes_of("person:bob") == [0]


def test_a_failure_callback_while_the_next_channel_is_on_its_way_waits_for_it() -> None:
    ana = person(methods=("mail", "sms"))
    climb = Climb(TWO, roster("bob", ana=ana))
    climb.answers = False
    climb.happens(DeliveryFailed(target="person:ana", method="mail", event_id="one"))
    climb.happens(DeliveryFailed(target="person:ana", method="mail", event_id="two"))
    climb.answers = True
    climb.answer()
    assert climb.tier == "first"
    assert [page.method for page in climb.pages_of("person:ana")] == ["mail", "sms"]


def test_a_failure_callback_after_the_acknowledgement_pages_nobody() -> None:
    climb = Climb(TWO, roster("bob", ana=person(methods=("mail", "sms"))))
    climb.does("ana", "acknowledge")
    climb.happens(DeliveryFailed(target="person:ana", method="mail"))
    assert len(climb.pages) == 1
    assert climb.tier == "first"


def test_a_failure_callback_never_pages_somebody_who_has_acknowledged() -> None:
    tier = _tier("first", page=["person:ana", "person:bob"], acknowledge_by=2)
    climb = Climb(policy(tier, _tier("second")), roster("bob", ana=person(methods=("mail", "sms"))))
    climb.does("ana", "acknowledge")
    climb.happens(DeliveryFailed(target="person:ana", method="mail"))
    assert [page.method for page in climb.pages_of("person:ana")] == ["mail"]
    assert climb.tier == "first"


def test_what_is_kept_for_a_tier_that_repeats_for_weeks_stays_small() -> None:
    tier = _tier("first", acknowledge_within="never", repeat_every="5m")
    climb = Climb(policy(tier), roster("ana"))
    climb.forward(days=1)
    climb.written()
    early = len(climb.state.model_dump_json())
    climb.forward(days=7)
    climb.written()
    assert len(climb.state.model_dump_json()) < early * 1.05


def test_every_round_says_why_it_is_made() -> None:
    people = ("person:ana", "person:bob")
    pinned = policy(
        {"name": "first", "page": list(people), "acknowledge_by": 2, "acknowledge_within": "1h", "repeat_every": "5m"},
        {"name": "second", "page": ["person:ana"], "acknowledge_within": "1h"},
    )
    climb = Climb(pinned, roster("ana", "bob"))
    climb.forward(minutes=5)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=5)
    assert [entry.why for entry in climb.noted("round.started")] == [
        "it came to first",
        "nobody has acknowledged",
        "1 of the 2 who have to acknowledge have",
    ]
