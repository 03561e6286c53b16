from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from escalade.people.changes import Change, DutySlot, Override

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def override(**given: Any) -> Override:
    values: dict[str, Any] = {
        "id": "o1",
        "schedule": "payments",
        "start": NINE,
        "end": NINE + timedelta(hours=8),
        "made_at": NINE,
        "form": "replace",
        "people": ["ana"],
    }
    return Override.model_validate(values | given)


def test_a_change_reads_back_as_what_it_was() -> None:
    one = override(reason="swapped by phone", by="bruno")
    assert TypeAdapter(Change).validate_json(one.model_dump_json()) == one


def test_a_window_ends_after_it_begins() -> None:
    for make in (lambda end: override(end=end), lambda end: DutySlot(person="ana", start=NINE, end=end)):
        with pytest.raises(ValidationError, match="ends before it begins"):
            make(NINE)


@pytest.mark.parametrize(
    "given",
    [
        {"form": "add", "people": []},
        {"form": "add", "people": ["ana"], "whom": "bruno"},
        {"form": "remove", "people": ["ana"], "whom": "bruno"},
        {"form": "remove", "people": []},
        {"form": "replace", "people": []},
    ],
)
def test_an_override_says_who_comes_and_who_leaves_as_its_form_wants(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="names who"):
        override(**given)
