"""Cases of other systems' test suites, and mistakes of others, at the level of the engine.

Here are the ladder cases E1, E3, E4 and E11, and M1, M3 and M5. Elsewhere: E7 in `test_maintenance.py`,
E13 in `test_tier_calendars.py`, the rotations and schedules (R, S, A4) in `tests/people/`, the limits and digests that
stand for E18 and E19 in `test_crowding.py` and `tests/workflows/test_capacity.py`. Not ours: E2 (stored step numbers),
E15 (heartbeats), A1-A3 (grouping of alerts), E18's refusal (ours delays). Of work that is still to come: E6 (moving a
ticket to another policy), E12 and E14 (conditions on how many alert), E16 (closing by age).
"""

# ruff: noqa: N802 - tests are named by the ids of their cases

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.effects import PagesSent, SendPages
from escalade.engine import Tick, decide, next_due
from escalade.people.roster import ContactMethod, ContactRule, Person
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Status


def tier(name: str, who: str, **more: object) -> dict[str, object]:
    return {"name": name, "page": [f"person:{who}"], "acknowledge_within": "30m", **more}


def ladder(**rest: object) -> Climb:
    return Climb(policy(tier("one", "ana"), tier("two", "bob"), **rest), roster("ana", "bob"))


def test_E1_two_steps_page_a_at_once_and_b_at_thirty_minutes() -> None:
    climb = ladder()
    assert [page.target for page in climb.pages] == ["person:ana"]
    climb.forward(minutes=30)
    assert [(climb.minute(page), page.target) for page in climb.pages] == [(0, "person:ana"), (30, "person:bob")]


def _three_rules() -> Person:
    methods = {name: ContactMethod(channel=name, address="1") for name in ("sms", "mail")}
    rules = [
        ContactRule(use="sms"),
        ContactRule(use="mail"),
        ContactRule.model_validate({"use": "sms", "after": "30m"}),
    ]
    return Person(methods=methods, rules=rules)


def test_E3_personal_rules_send_two_messages_at_once_and_one_at_thirty() -> None:
    climb = Climb(policy(tier("one", "ana", acknowledge_within="2h"), tier("two", "bob")), roster(ana=_three_rules()))
    climb.forward(minutes=59)
    assert [(climb.minute(page), page.method) for page in climb.pages] == [(0, "sms"), (0, "mail"), (30, "sms")]


def test_E3_a_manual_escalation_starts_a_second_cycle() -> None:
    climb = Climb(policy(tier("one", "ana"), tier("two", "ana", acknowledge_within="2h")), roster(ana=_three_rules()))
    climb.forward(minutes=10)
    climb.does("bob", "escalate", reason="x")
    climb.forward(minutes=59)
    assert [(climb.minute(page), page.method) for page in climb.pages] == [
        *[(0, "sms"), (0, "mail")],
        *[(10, "sms"), (10, "mail"), (40, "sms")],
    ]


def test_E3_two_due_messages_to_the_same_number_are_one() -> None:
    repeated = tier("one", "ana", acknowledge_within="2h", repeat_every="30m")
    climb = Climb(policy(repeated), roster(ana=_three_rules()))
    climb.forward(minutes=31)
    assert [page.method for page in climb.pages if climb.minute(page) == 30] == ["sms", "mail"]


def test_E4_escalating_an_acknowledged_ticket_unacknowledges_it_and_pages_step_two_at_once() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    climb.forward(minutes=5)
    climb.does("ana", "escalate", reason="not mine")
    assert not climb.state.is_acknowledged
    assert climb.minutes_of("person:bob") == [5]


@pytest.mark.parametrize("times", [1, 5])
def test_E11_the_repeat_counter_counts_extra_passes_and_then_the_chain_goes_on(times: int) -> None:
    climb = ladder(again={"from": "one", "times": times})
    seen = [climb.state.passes]
    for _ in range(2 * (times + 1)):
        climb.forward(minutes=30)
        seen.append(climb.state.passes)
    assert sorted(set(seen)) == list(range(times + 1))
    assert climb.tier == "catch-all"
    assert len(climb.pages_of("person:ana")) == times + 1


# -- M1: timers, last pages, repeats --------------------------------------------------------------------------------


def test_M1_repeat_one_is_one_extra_pass_not_none_and_not_two() -> None:
    climb = ladder(again={"from": "one", "times": 1})
    climb.forward(days=1)
    assert climb.minutes_of("person:ana") == [0, 60]
    assert climb.minutes_of("person:bob") == [30, 90]


def test_M1_the_last_page_is_made() -> None:
    climb = Climb(policy(tier("one", "ana", repeat_every="10m")), roster("ana"))
    climb.forward(minutes=30)
    assert climb.minutes_of("person:ana") == [0, 10, 20]
    assert climb.minutes_of("channel:last-resort") == [30]


def test_M1_a_closed_ticket_escalates_no_more() -> None:
    for closing in ({"close": True}, {}):
        climb = ladder()
        climb.does("ana", "resolve", **closing)
        climb.forward(days=10)
        late = decide(climb.state, Tick(), climb.now + timedelta(days=10))
        assert climb.state.status is Status.CLOSED
        assert not late.effects
        assert len(climb.pages) == 1


def test_M1_no_page_starts_after_the_acknowledgement_was_accepted() -> None:
    climb = ladder()
    climb.answers = False
    climb.forward(minutes=30)
    climb.does("ana", "acknowledge")
    climb.answers = True
    climb.answer()
    climb.forward(days=1)
    assert not climb.pages_of("person:bob")


def test_M1_two_answers_for_one_round_are_one_round() -> None:
    climb = ladder()
    climb.answers = False
    climb.does("ana", "escalate", reason="x")
    resolve = climb._queue.pop(0)
    climb._answer(resolve)
    climb._answer(resolve)
    pages = [effect for effect in climb.state.pending.values() if isinstance(effect, SendPages)]
    assert len(pages) == 1
    climb.happens(PagesSent(effect=pages[0].id))
    climb.happens(PagesSent(effect=pages[0].id))
    assert len(climb.noted("round.failed")) == 1


def test_M1_a_timer_lives_in_the_state_and_nowhere_else() -> None:
    climb = ladder()
    restored = type(climb.state).model_validate_json(climb.state.model_dump_json())
    assert next_due(restored) == START + timedelta(minutes=30)


# -- M3: levels, storms, reopening ----------------------------------------------------------------------------------


def test_M3_every_level_of_a_long_ladder_is_climbed() -> None:
    names = [f"level{n}" for n in range(20)]
    climb = Climb(policy(*[tier(name, name) for name in names]), roster(*names))
    climb.forward(hours=10)
    assert [page.target for page in climb.pages[:20]] == [f"person:{name}" for name in names]


def test_M3_a_ladder_without_end_is_no_storm() -> None:
    climb = Climb(
        policy(tier("one", "ana"), again={"from": "one", "times": "forever"}),
        roster("ana"),
        delivers=lambda target, plan, at: False,
    )
    climb.forward(hours=24)
    attempts = [page.at for page in climb.pages_of("person:ana")]
    assert len(attempts) < 24 * 4 + 10


def test_M3_a_reopened_ticket_does_not_escalate_at_once() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    climb.does("ana", "resolve")
    climb.forward(days=2)
    climb.does("ana", "reopen")
    climb.forward(minutes=29)
    assert climb.tier == "one"


def test_M3_people_who_follow_each_other_are_told_once_per_move() -> None:
    climb = ladder()
    for _ in range(3):
        climb.does("cyd", "follow")
    climb.roster = roster("ana", "bob", "cyd")
    climb.forward(minutes=30)
    assert climb.minutes_of("person:cyd") == [30]


# -- M5: history growth ---------------------------------------------------------------------------------------------


def test_M5_nothing_happens_between_the_beginning_and_the_end_of_a_pause_of_thirty_days() -> None:
    climb = ladder()
    climb.does("ana", "pending", **{"for": "30d"})
    entries, due = len(climb.entries), next_due(climb.state)
    assert due == START + timedelta(days=30)
    climb.forward(days=29, hours=23)
    assert len(climb.entries) == entries
    assert next_due(climb.state) == due
