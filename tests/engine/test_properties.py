"""Whatever happens, in whatever order: what must hold of every decision (`ESCALADE_FUZZ=thorough` for many more)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from tests.engine.scenarios import Scenario, scenarios
from tests.engine.world import World

_THOROUGH = os.environ.get("ESCALADE_FUZZ") == "thorough"
fuzz = settings(
    max_examples=int(os.environ.get("ESCALADE_FUZZ_EXAMPLES", "5000")) if _THOROUGH else 150,
    deadline=None,
    derandomize=not _THOROUGH,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@fuzz
@given(scenarios(most=80 if _THOROUGH else 40))
def test_every_decision_keeps_every_promise(scenario: Scenario) -> None:
    World(scenario).run()


@fuzz
@given(scenarios())
def test_a_state_carried_through_json_decides_the_same(scenario: Scenario) -> None:
    plain, carried = World(scenario).run(), World(scenario, carried=True).run()
    assert plain.entries == carried.entries
    assert plain.state == carried.state
