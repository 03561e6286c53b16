from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from store import Store
from tests.store.making import KEY, LIFE, NOW, intent, put, receipt, run_id, snapshot

OTHER = "otherticke"


def test_a_first_intent_is_new(store: Store) -> None:
    found = store.intend(intent())
    assert (found.state, found.attempts, found.receipt) == ("new", 1, None)
    assert found.message_id == intent().message_id


def test_an_intent_without_outcome_is_started_with_the_same_message_id(store: Store) -> None:
    first = store.intend(intent())
    again = store.intend(intent(at=NOW + timedelta(minutes=1)))
    assert (again.state, again.attempts) == ("started", 2)
    assert (again.message_id, again.number) == (first.message_id, first.number)


def test_a_delivery_with_an_outcome_gives_its_receipt_and_is_not_begun_again(store: Store) -> None:
    one = intent()
    store.intend(one)
    kept = store.outcome(one, receipt(one, provider_id="p-1", detail="250 ok", possibly_twice=True, at_night=True))
    again = store.intend(one)
    assert (again.state, again.receipt, again.attempts) == ("known", kept, 1)
    assert kept == receipt(one, provider_id="p-1", detail="250 ok", possibly_twice=True, at_night=True)


@pytest.mark.parametrize("change", [{"round_id": "2"}, {"target": "person:bob"}, {"method": "sms"}, {"step": 1}])
def test_each_round_target_method_and_step_is_a_delivery_of_its_own(store: Store, change: dict[str, Any]) -> None:
    store.intend(intent())
    other = store.intend(intent(**change))
    assert other.state == "new"
    assert other.message_id != intent().message_id


def test_the_message_id_needs_no_store_and_no_clock() -> None:
    assert intent().message_id == intent(at=NOW + timedelta(days=1), channel="other", key="k").message_id


def test_of_many_callers_exactly_one_hears_new(store: Store) -> None:
    at_once = threading.Barrier(8)

    def call(_: int) -> str:
        at_once.wait()
        return store.intend(intent()).state

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(call, range(8)))
    assert sorted(states) == ["new"] + ["started"] * 7
    assert store.deliveries(KEY)[0].attempts == 8


def test_an_outcome_whose_intent_could_not_be_written_is_kept(store: Store) -> None:
    one = intent()
    store.outcome(one, receipt(one))
    assert store.intend(one).state == "known"


@pytest.mark.parametrize(
    ("outcomes", "stands"),
    [
        (["accepted", "delivered"], "delivered"),
        (["delivered", "accepted"], "delivered"),
        (["accepted", "failed", "accepted"], "failed"),
        (["unknown", "accepted"], "accepted"),
        (["accepted", "unknown"], "accepted"),
        (["delivered", "failed"], "delivered"),
        (["crossed", "accepted"], "crossed"),
    ],
)
def test_the_outcome_that_says_most_stands_in_whatever_order_they_come(
    store: Store, outcomes: list[str], stands: str
) -> None:
    one = intent()
    store.intend(one)
    kept = [store.outcome(one, receipt(one, outcome, detail=str(n))) for n, outcome in enumerate(outcomes)]
    assert kept[-1].outcome == stands
    assert kept[-1].detail == str(outcomes.index(stands))


def test_a_provider_finds_its_delivery_by_its_own_id(store: Store) -> None:
    one, other = intent(), intent("person:bob")
    for each, provider_id in ((one, "p-1"), (other, "p-2")):
        store.intend(each)
        store.outcome(each, receipt(each, provider_id=provider_id))
    found = store.delivery_of("p-2")
    assert found is not None
    assert found.intent.target == "person:bob"
    later = store.provider_outcome("p-2", "failed", at=NOW + timedelta(minutes=3), detail="no such number")
    assert later is not None
    assert later.receipt is not None
    assert (later.receipt.outcome, later.receipt.detail, later.receipt.provider_id) == (
        "failed",
        "no such number",
        "p-2",
    )
    assert store.intend(one).receipt == receipt(one, provider_id="p-1")


def test_an_unknown_or_empty_provider_id_finds_nothing(store: Store) -> None:
    one = intent()
    store.intend(one)
    store.outcome(one, receipt(one))
    assert store.delivery_of("") is None
    assert store.delivery_of("p-9") is None
    assert store.provider_outcome("p-9", "failed", at=NOW) is None


def test_two_providers_may_use_the_same_id(store: Store) -> None:
    sms, mail = intent(method="sms", channel="sms"), intent(channel="smtp", at=NOW + timedelta(seconds=5))
    for each in (sms, mail):
        store.outcome(each, receipt(each, provider_id="1"))
    for channel in ("sms", "smtp"):
        found = store.delivery_of("1", channel=channel)
        assert found is not None
        assert found.intent.channel == channel


def test_the_deliveries_of_a_ticket_come_in_order_and_by_life(store: Store) -> None:
    later = intent("person:bob", at=NOW + timedelta(minutes=5), round_id="round-2")
    new_life = intent("person:cem", life=run_id("second"), round_id="round-3")
    for each in (later, new_life, intent(), intent(key=OTHER, round_id="round-9")):
        store.intend(each)
    assert [found.intent.target for found in store.deliveries(KEY, LIFE)] == ["person:ana", "person:bob"]
    assert len(store.deliveries(KEY)) == 3
    assert store.deliveries(KEY, LIFE)[1].intent == later


# How much somebody was paged


def page(
    store: Store, target: str, round_id: str, days_ago: float, outcome: str | None = "accepted", **given: str
) -> None:
    one = intent(target, round_id=round_id, at=NOW - timedelta(days=days_ago), **given)
    store.intend(one)
    if outcome is not None:
        store.outcome(one, receipt(one, outcome))


def test_load_counts_rounds_not_messages(store: Store) -> None:
    for method in ("email", "sms", "voice"):
        page(store, "person:ana", "round-1", 1, method=method)
    page(store, "person:ana", "round-2", 2)
    found = store.load(["person:ana"], NOW - timedelta(days=7))["person:ana"]
    assert (found.pages, found.last_paged_at) == (2, NOW - timedelta(days=1))


def test_load_remembers_when_somebody_was_last_paged_long_ago(store: Store) -> None:
    page(store, "person:ana", "old", 30)
    found = store.load(["person:ana", "person:bob"], NOW - timedelta(days=7))
    assert (found["person:ana"].pages, found["person:ana"].last_paged_at) == (0, NOW - timedelta(days=30))
    assert (found["person:bob"].pages, found["person:bob"].last_paged_at) == (0, None)


def test_what_rang_nobody_is_no_load(store: Store) -> None:
    page(store, "person:ana", "failed", 1, "failed")
    page(store, "person:ana", "skipped", 1, "skipped")
    page(store, "person:ana", "test", 1, purpose="test", key="")
    page(store, "person:ana", "notice", 1, purpose="notice")
    assert store.load(["person:ana"], NOW - timedelta(days=7))["person:ana"].pages == 0
    page(store, "person:ana", "in the air", 1, None)
    page(store, "person:ana", "unknown", 1, "unknown")
    assert store.load(["person:ana"], NOW - timedelta(days=7))["person:ana"].pages == 2


def test_load_of_nobody_is_nothing(store: Store) -> None:
    assert store.load([], NOW) == {}


# Short numbers


def number(store: Store, key: str, target: str = "person:ana", *, life: str = LIFE, round_id: str = "round-1") -> int:
    return store.intend(intent(target, key=key, life=life, round_id=f"{round_id}-{key}-{life}")).number


def test_tickets_of_one_person_have_different_numbers_and_each_keeps_its_own(store: Store) -> None:
    assert [number(store, key) for key in ("one", "two", "three")] == [1, 2, 3]
    assert number(store, "two", round_id="round-2") == 2
    assert number(store, "two", "person:bob") == 1


def test_the_number_of_an_ended_ticket_is_the_first_to_be_taken_again(store: Store) -> None:
    assert [number(store, key) for key in ("one", "two", "three")] == [1, 2, 3]
    put(store, snapshot("one", status="new"), snapshot("two", status="closed"))
    assert number(store, "four") == 2
    put(store, snapshot("one", status="resolved", version=2))
    assert number(store, "five") == 1


def test_a_ticket_not_yet_projected_keeps_its_number(store: Store) -> None:
    put(store, snapshot("one", status="closed", life=run_id("old")))
    assert number(store, "one", life=run_id("new")) == 1
    assert number(store, "two") == 2


def test_a_number_of_a_life_that_was_replaced_is_free(store: Store) -> None:
    put(store, snapshot("one", life=run_id("old")))
    assert number(store, "one", life=run_id("old")) == 1
    put(store, snapshot("one", life=run_id("new")))
    assert number(store, "two") == 1


def test_a_page_about_no_ticket_takes_no_number(store: Store) -> None:
    assert store.intend(intent(key="", purpose="test")).number == 0
    assert number(store, "one") == 1
    assert store.answered("person:ana", 0) is None


def test_an_answer_by_number_finds_the_newest_delivery(store: Store) -> None:
    number(store, "one")
    store.intend(intent(key="one", round_id="round-2", at=NOW + timedelta(minutes=5)))
    found = store.answered("person:ana", 1)
    assert found is not None
    assert (found.intent.key, found.intent.round_id) == ("one", "round-2")
    assert store.answered("person:ana", 2) is None
    assert store.answered("person:bob", 1) is None


def test_numbers_claimed_at_the_same_instant_are_unique(store: Store) -> None:
    at_once = threading.Barrier(8)

    def call(key: int) -> int:
        at_once.wait()
        return number(store, f"ticket{key}")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(call, range(8))) == list(range(1, 9))


def test_a_target_of_any_letters_can_be_paged(store: Store) -> None:
    for target in ("person:\x00", "channel:😀", "person:\ufdd00000", "person:'; --"):
        assert store.intend(intent(target)).number == 1
    assert store.load(["person:\x00"], NOW - timedelta(days=7))["person:\x00"].pages == 1
