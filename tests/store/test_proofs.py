from __future__ import annotations

from datetime import timedelta

from store import Store
from tests.store.making import NOW

LATER = NOW + timedelta(days=1)


def test_a_method_that_worked_is_proven(store: Store) -> None:
    found = store.prove("ana", "email", at=NOW, outcome="accepted", detail="250 ok")
    assert (found.proven_at, found.tested_at, found.outcome, found.detail) == (NOW, NOW, "accepted", "250 ok")
    assert store.proofs() == [found]


def test_a_failure_does_not_forget_when_it_last_worked(store: Store) -> None:
    store.prove("ana", "email", at=NOW, outcome="delivered")
    found = store.prove("ana", "email", at=LATER, outcome="failed", detail="refused")
    assert (found.proven_at, found.tested_at, found.outcome) == (NOW, LATER, "failed")


def test_a_method_that_never_worked_is_not_proven(store: Store) -> None:
    assert store.prove("ana", "sms", at=NOW, outcome="failed").proven_at is None
    assert store.prove("ana", "sms", at=LATER, outcome="accepted").proven_at == LATER


def test_an_older_test_that_comes_late_changes_nothing(store: Store) -> None:
    store.prove("ana", "email", at=LATER, outcome="accepted")
    assert store.prove("ana", "email", at=NOW, outcome="failed").outcome == "accepted"


def test_proofs_are_listed_by_person_and_method(store: Store) -> None:
    for person, method in (("bob", "email"), ("ana", "sms"), ("ana", "email")):
        store.prove(person, method, at=NOW, outcome="accepted")
    assert [(p.person, p.method) for p in store.proofs()] == [("ana", "email"), ("ana", "sms"), ("bob", "email")]
    assert [p.method for p in store.proofs("ana")] == ["email", "sms"]
    assert store.proofs("nobody") == []
