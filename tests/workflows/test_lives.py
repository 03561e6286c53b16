"""What a ticket that ends leaves to the next one on its key, and when one that rests continues as new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.effects import TellTicket
from escalade.engine import MergedHere, Opened
from escalade.messages import Resolve
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Ticket
from workflows.alarm import rest_alarm
from workflows.lives import begin, next_ticket
from workflows.parked import Parked

HOUR = timedelta(hours=1)


def test_another_ticket_that_waits_for_an_answer_still_gets_it_when_the_key_comes_again() -> None:
    tier = {"name": "one", "page": ["person:ana"], "acknowledge_within": "15m"}
    climb = Climb(policy(tier, reopen_within="0s"), roster("ana"))
    climb.happens(Resolve(close=True))
    climb.happens(MergedHere(key="bbbbbbbbbb", event_id="m"))
    climb.happens(Opened(ticket=Ticket(title="again")))
    handed = next_ticket(climb.state, Parked())
    beginning = begin(handed, continues=True, key="testticket", life="two", run="two", now=START)
    (answer,) = beginning.state.pending.values()
    assert isinstance(answer, TellTicket)
    assert (answer.key, answer.signal, answer.payload["taken"]) == ("bbbbbbbbbb", "merge_answer", False)


@pytest.mark.parametrize(
    ("rests", "busy", "rings"),
    [
        (None, False, None),
        (HOUR, False, HOUR),
        (HOUR, True, HOUR),
        (timedelta(0), True, None),
        (-HOUR, True, None),
        (-HOUR, False, timedelta(seconds=1)),
    ],
)
def test_no_alarm_is_set_into_the_past_where_it_would_ring_without_end(
    rests: timedelta | None, rings: timedelta | None, *, busy: bool
) -> None:
    at = rest_alarm(START + rests if rests is not None else None, now=START, busy=busy)
    assert at == (START + rings if rings is not None else None)
