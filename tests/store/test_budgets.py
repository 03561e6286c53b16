"""Budgets: nobody is granted one page more than there are slots, whoever asks at the same instant."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from escalade.people.capacity import Window
from store import Store
from store.budgets import Full, Granted, Wish
from tests.store.making import NOW, intent, receipt

ANA = "person:ana"
HOUR = timedelta(hours=1)
PAGE = Granted("page", "")


def hourly(most: int, at: timedelta = timedelta(0)) -> Window:
    return Window("1h", most, NOW + at + HOUR, "had {pages} within 1h")


def test_of_many_tickets_at_one_instant_as_many_are_granted_as_there_are_slots(store: Store) -> None:
    barrier = threading.Barrier(12)

    def ticket(number: int) -> Granted | Full:
        barrier.wait()
        return store.take(f"round-{number}", ANA, [hourly(5), Window("rest", 9, NOW + HOUR, "rests")], at=NOW)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ticket, range(12)))
    assert answers.count(PAGE) == 5
    assert answers.count(Full("had 5 pages within 1h", NOW + HOUR)) == 7


def test_two_stores_on_one_database_share_the_slots(store: Store) -> None:
    url = make_url(store.database.engine.url).render_as_string(hide_password=False)
    with Store.open(url, migrate=False) as other, ThreadPoolExecutor(8) as pool:
        stores = [store, other] * 4
        answers = list(pool.map(lambda pair: pair[1].take(f"r{pair[0]}", ANA, [hourly(3)], at=NOW), enumerate(stores)))
    assert answers.count(PAGE) == 3


def test_a_round_that_is_asked_again_has_what_it_was_granted(store: Store) -> None:
    assert store.take("one", ANA, [hourly(1)], at=NOW) == PAGE
    assert store.take("one", ANA, [hourly(1)], at=NOW) == PAGE
    assert store.granted("one") == {ANA: PAGE}
    assert isinstance(store.take("two", ANA, [hourly(1)], at=NOW), Full)
    assert store.granted("two") == {}


def test_all_windows_hold_at_once_and_a_full_one_takes_no_slot_of_the_others(store: Store) -> None:
    for number, at in (("one", NOW), ("two", NOW + timedelta(hours=2))):
        store.intend(intent(round_id=number, at=at))
    day = Window("1d", 2, NOW + timedelta(days=1), "had {pages} within 1d")
    assert store.take("one", ANA, [hourly(1), day], at=NOW) == PAGE
    full = store.take("two", ANA, [hourly(1), day], at=NOW)
    assert full == Full("had 1 page within 1h", NOW + HOUR)
    later = hourly(1, timedelta(hours=2))
    assert store.take("two", ANA, [later, day], at=NOW + timedelta(hours=2)) == PAGE  # the day's second slot was free
    much_later = NOW + timedelta(hours=4)
    assert store.take("three", ANA, [hourly(1, timedelta(hours=4)), day], at=much_later) == Full(
        "had 2 pages within 1d", NOW + timedelta(days=1)
    )


def test_a_slot_is_free_again_at_its_instant_and_not_before(store: Store) -> None:
    store.take("one", ANA, [hourly(1)], at=NOW)
    store.intend(intent(round_id="one"))
    just_before = NOW + HOUR - timedelta(microseconds=1)
    assert isinstance(store.take("two", ANA, [hourly(1)], at=just_before), Full)
    assert store.take("two", ANA, [hourly(1, HOUR)], at=NOW + HOUR) == PAGE


def test_what_is_pressed_counts_although_there_was_no_room(store: Store) -> None:
    store.take("one", ANA, [hourly(1)], at=NOW)
    pressed = store.force("two", Wish(ANA, [hourly(1)]), at=NOW, kind="pressed", says="sev1")
    assert pressed == Granted("pressed", "sev1")
    assert store.force("two", Wish(ANA, [hourly(1)]), at=NOW, kind="digest", says="other") == pressed
    bob = Wish("person:bob", [hourly(1)])
    assert store.force("three", bob, at=NOW, kind="pressed", says="sev1").kind == "pressed"
    assert isinstance(store.take("four", "person:bob", [hourly(1)], at=NOW), Full)


def test_a_window_that_is_full_remembers_what_is_pressed_until_enough_of_all_pages_are_over(store: Store) -> None:
    def per_20s(at: int) -> Window:
        return Window("20s", 2, NOW + timedelta(seconds=at + 20), "had {pages} within 20s")

    def take(number: str, at: int) -> Granted | Full:
        instant = NOW + timedelta(seconds=at)
        store.intend(intent(round_id=number, at=instant))
        return store.take(number, ANA, [per_20s(at)], at=instant)

    assert [take(f"r{at}", at) for at in (0, 1)] == [PAGE, PAGE]
    for at in (10, 11, 12):
        wish, instant = Wish(ANA, [per_20s(at)]), NOW + timedelta(seconds=at)
        store.intend(intent(round_id=f"r{at}", at=instant))
        for _ in range(2):  # an attempt that is repeated counts once
            store.force(f"r{at}", wish, at=instant, kind="pressed", says="sev1")
    assert take("r13", 13) == Full("had 5 pages within 20s", NOW + timedelta(seconds=31))
    assert take("r20", 20) == Full("had 4 pages within 20s", NOW + timedelta(seconds=31))
    assert take("r30", 30) == Full("had 2 pages within 20s", NOW + timedelta(seconds=31))
    assert take("r31", 31) == PAGE


def test_who_is_pressed_rests_after_that_page_as_after_any(store: Store) -> None:
    store.take("one", ANA, [Window("rest", 1, NOW + HOUR, "rests after a page")], at=NOW)
    later = NOW + HOUR / 2
    store.intend(intent(round_id="two", at=later))
    rest = Window("rest", 1, later + HOUR, "rests after a page")
    store.force("two", Wish(ANA, [rest]), at=later, kind="pressed", says="sev1")
    assert store.take("three", ANA, [rest], at=NOW + HOUR) == Full("rests after a page", later + HOUR)


def test_what_was_pressed_and_reached_nobody_is_given_back(store: Store) -> None:
    store.take("one", ANA, [hourly(1)], at=NOW)
    store.force("two", Wish(ANA, [hourly(1)]), at=NOW, kind="pressed", says="sev1")
    assert store.give_back("one") == [ANA]
    assert isinstance(store.take("three", ANA, [hourly(1)], at=NOW), Full)
    assert store.give_back("two") == [ANA]
    assert store.take("three", ANA, [hourly(1)], at=NOW) == PAGE


def test_what_is_pressed_at_one_instant_with_others_is_counted_by_all_of_them(store: Store) -> None:
    barrier = threading.Barrier(12)

    def ticket(number: int) -> Granted | Full:
        barrier.wait()
        if number % 3:
            return store.take(f"round-{number}", ANA, [hourly(5)], at=NOW)
        return store.force(f"round-{number}", Wish(ANA, [hourly(5)]), at=NOW, kind="pressed", says="sev1")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ticket, range(12)))
    taken = answers.count(PAGE)
    assert 1 <= taken <= 5
    assert store.take("later", ANA, [hourly(5)], at=NOW) == Full(f"had {4 + taken} pages within 1h", NOW + HOUR)


def test_a_page_that_is_pressed_counts_for_the_rate_of_digests(store: Store) -> None:
    rate = Window("digest", 1, NOW + timedelta(minutes=10), "had {pages} within 10m")
    for number in ("one", "two"):
        store.force(number, Wish(ANA, collect=rate), at=NOW, kind="pressed", says="sev2")
    collected = Granted("digest", "had 2 pages within 10m")
    assert store.take("three", ANA, [hourly(2)], at=NOW, collect=rate) == collected


def test_above_its_rate_a_page_is_collected_and_takes_no_slot(store: Store) -> None:
    rate = Window("digest", 1, NOW + timedelta(minutes=10), "had {pages} within 10m")
    assert store.take("one", ANA, [hourly(2)], at=NOW, collect=rate) == PAGE
    assert store.take("two", ANA, [hourly(2)], at=NOW, collect=rate) == Granted("digest", "had 1 page within 10m")
    assert store.take("three", ANA, [hourly(2)], at=NOW) == PAGE  # the second slot of the hour
    assert isinstance(store.take("four", ANA, [hourly(2)], at=NOW, collect=rate), Full)


def test_what_was_taken_for_somebody_nobody_told_is_free_again_and_may_be_given_back_twice(store: Store) -> None:
    rest = Window("rest", 1, NOW + HOUR, "rests after a page")
    store.take("one", ANA, [hourly(1), rest], at=NOW)
    assert store.give_back("one", [ANA]) == [ANA]
    assert store.give_back("one", [ANA]) == []
    assert store.granted("one") == {}
    assert store.take("two", ANA, [hourly(1), rest], at=NOW) == PAGE
    assert store.give_back("one", [ANA]) == []  # the slots are of another round by now
    assert isinstance(store.take("three", ANA, [hourly(1), rest], at=NOW), Full)


def test_who_is_told_in_a_digest_took_nothing_and_keeps_what_they_were_granted(store: Store) -> None:
    collected = store.force("one", Wish(ANA), at=NOW, kind="digest", says="had 1 page within 10m")
    store.take("one", "person:bob", [hourly(1)], at=NOW)
    assert store.give_back("one", [ANA]) == []
    assert store.give_back("one") == ["person:bob"]
    assert store.granted("one") == {ANA: collected}


@pytest.mark.parametrize("outcome", ["accepted", "crossed", "unknown", ""])  # under way, or its worker died
def test_who_may_have_been_told_keeps_the_slot(store: Store, outcome: str) -> None:
    _delivered(store, outcome)
    assert store.give_back("one") == []
    assert isinstance(store.take("two", ANA, [hourly(1)], at=NOW), Full)


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_who_was_not_told_keeps_no_slot(store: Store, outcome: str) -> None:
    _delivered(store, outcome)
    assert store.give_back("one") == [ANA]
    assert store.take("two", ANA, [hourly(1)], at=NOW) == PAGE


def _delivered(store: Store, outcome: str) -> None:
    store.take("one", ANA, [hourly(1)], at=NOW)
    delivery = intent(round_id="one")
    store.intend(delivery)
    if outcome:
        store.outcome(delivery, receipt(delivery, outcome))


def test_a_delivery_that_was_begun_twice_may_have_rung_although_the_second_failed(store: Store) -> None:
    store.take("one", ANA, [hourly(1)], at=NOW)
    delivery = intent(round_id="one")
    store.intend(delivery)
    store.intend(delivery)
    store.outcome(delivery, receipt(delivery, "failed", possibly_twice=True))
    assert store.give_back("one") == []


def test_a_slot_whose_page_never_came_is_in_nobodys_way_for_long(store: Store) -> None:
    day = Window("1d", 2, NOW + timedelta(days=1), "had {pages} within 1d")
    store.take("never sent", ANA, [day], at=NOW)
    store.take("sent", ANA, [day], at=NOW)
    store.intend(intent(round_id="sent"))
    assert isinstance(store.take("soon", ANA, [day], at=NOW + timedelta(minutes=9)), Full)
    assert store.take("later", ANA, [day], at=NOW + timedelta(minutes=11)) == PAGE
    assert isinstance(store.take("after it", ANA, [day], at=NOW + timedelta(minutes=12)), Full)
    assert store.granted("never sent") == {}


def test_those_of_a_round_are_granted_together_also_who_has_no_limits(store: Store) -> None:
    wishes = [Wish(ANA, [hourly(1)]), Wish("person:bob"), Wish("person:cyd", [hourly(0)])]
    answers = store.take_all("one", wishes, at=NOW)
    assert answers == [PAGE, PAGE, Full("had 0 pages within 1h", NOW + HOUR)]
    stand_in = Wish("person:dan", instead_of="person:cyd")
    assert store.take_all("one", [stand_in], at=NOW) == [Granted("page", "", "person:cyd")]
    granted = {ANA: PAGE, "person:bob": PAGE, "person:dan": Granted("page", "", "person:cyd")}
    assert store.granted("one") == granted


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 1800), st.booleans()), min_size=1, max_size=30), most=st.integers(1, 4))
def test_no_stretch_of_the_windows_length_has_more_pages_than_slots_but_for_what_is_pressed(
    scratch: Store, steps: list[tuple[int, bool]], most: int
) -> None:
    sent: list[datetime] = []
    at, who = NOW, f"person:{uuid.uuid4().hex}"
    for number, (step, is_pressing) in enumerate(steps):
        at += timedelta(seconds=step)
        wish = Wish(who, [Window("1h", most, at + HOUR, "had {pages} within 1h")])
        answer = scratch.take_all(f"r{number}", [wish], at=at)[0]
        in_window = [one for one in sent if one > at - HOUR]
        # By a brute count: it is granted exactly when the last hour has room.
        assert (answer == PAGE) == (len(in_window) < most)
        if isinstance(answer, Full):
            had = "had 1 page" if len(in_window) == 1 else f"had {len(in_window)} pages"
            assert answer == Full(f"{had} within 1h", sorted(in_window)[-most] + HOUR)
            if not is_pressing:
                continue
            scratch.force(f"r{number}", wish, at=at, kind="pressed", says="sev1")
        sent.append(at)
        scratch.intend(intent(round_id=f"r{number}", target=who, at=at))


@pytest.fixture(scope="module")
def scratch(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for many examples, each with a person of its own."""
    path = shutil.copy(migrated_file, tmp_path_factory.mktemp("budgets") / "store.db")
    with Store.open(f"sqlite:///{path}") as opened:
        yield opened
