"""Whatever a test lets the engine say to people has to have a French form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from escalade.engine import Decision, Event
from escalade.testing import Climb
from tests.engine.world import World
from tests.french import Listener


def _overheard(happens: Callable[[Any, Event], Decision], listener: Listener) -> Callable[[Any, Event], Decision]:
    def overheard(self: Any, event: Event) -> Decision:
        decision = happens(self, event)
        listener.listen(event, decision)
        return decision

    return overheard


@pytest.fixture(autouse=True, scope="session")
def _listening() -> Iterator[Listener]:
    listener = Listener()
    with pytest.MonkeyPatch.context() as patch:
        for each in (Climb, World):
            patch.setattr(each, "happens", _overheard(each.happens, listener))
        yield listener


@pytest.fixture(autouse=True)
def _everything_has_a_french_form(_listening: Listener) -> Iterator[None]:
    yield
    unspoken, _listening.unspoken = _listening.unspoken, []
    assert not unspoken, f"give these a French form in activities/french: {sorted(set(unspoken))}"
