"""Timelines of named scenarios, compared exactly. `ESCALADE_REGENERATE=1 pytest` writes them anew: read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tests.engine.clock_timelines  # noqa: F401 - adds its scenarios to the others
from tests.engine.timelines import SCENARIOS, rendered

KEPT = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_timeline_is_what_it_was(name: str) -> None:
    found = rendered(SCENARIOS[name]())
    kept = KEPT / f"{name}.txt"
    if os.environ.get("ESCALADE_REGENERATE"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(found, encoding="utf-8")
    assert found == kept.read_text(encoding="utf-8")


def test_no_timeline_is_kept_without_its_scenario() -> None:
    assert {path.stem for path in KEPT.glob("*.txt")} == set(SCENARIOS)
