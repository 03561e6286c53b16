"""Whatever happens, in whatever order: what must hold of every decision (`ESCALADE_FUZZ=thorough` for many more,
`ESCALADE_FUZZ_EXAMPLES` says how many; give pytest a longer `--timeout`)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from tests.engine.scenarios import Scenario, scenarios
from tests.engine.world import World

_THOROUGH = os.environ.get("ESCALADE_FUZZ") == "thorough"
_MANY = int(os.environ.get("ESCALADE_FUZZ_EXAMPLES", "5000"))


def fuzz(examples: int) -> settings:
    """The same examples each time, or, thoroughly, many others."""
    return settings(
        max_examples=_MANY if _THOROUGH else examples,
        deadline=None,
        derandomize=not _THOROUGH,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@fuzz(150)
@given(scenarios(most=80 if _THOROUGH else 40))
def test_every_decision_keeps_every_promise(scenario: Scenario) -> None:
    World(scenario).run()


@fuzz(60)
@given(scenarios())
def test_a_state_carried_through_json_decides_the_same(scenario: Scenario) -> None:
    plain, carried = World(scenario).run(), World(scenario, carried=True).run()
    assert plain.entries == carried.entries
    assert plain.state == carried.state
