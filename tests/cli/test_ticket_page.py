"""What the page of a ticket says of where it stands and who has acknowledged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.render.moments import Moments
from cli.render.ticket_page import ticket_page
from cli.render.timeline import timeline
from cli.ticket.gathering import view_of
from escalade.messages.views import Told
from tests.cli.making import OPENED, entry, snapshot

NOW = Moments(OPENED + timedelta(minutes=5))
ANA, BRUNO = "person:ana", "person:bruno"


@pytest.mark.parametrize(
    ("quorum", "acknowledged", "says"),
    [
        (
            50,
            [ANA, BRUNO],
            "1 of 50 needed: person:ana; person:bruno acknowledged too, which does not count: not paged",
        ),
        (2, [BRUNO], "0 of 2 needed: nobody; person:bruno acknowledged too, which does not count: not paged"),
        (2, [ANA, ANA], "1 of 2 needed: person:ana\n"),
        (2, [], "0 of 2 needed: nobody\n"),
        (1, [ANA, BRUNO], "; acknowledged by person:ana, person:bruno\n"),
        (1, [BRUNO], "not acknowledged\n"),
    ],
)
def test_only_acknowledgements_of_who_was_paged_count_towards_the_quorum(
    quorum: int, acknowledged: list[str], says: str
) -> None:
    told = [Told(target=ANA, why="on duty", first_at=OPENED)]
    view = view_of(snapshot("aaaaaaaaaa")).model_copy(
        update={"quorum": quorum, "acknowledgements": acknowledged, "told": told}
    )
    page = "\n".join(line.plain for line in ticket_page(view, [], NOW))
    assert says in page


def test_the_timeline_says_why_somebody_was_passed_over_and_repeats_no_reason_of_a_page() -> None:
    over = entry(
        "aaaaaaaaaa", 1, f"{ANA} is not paged; {BRUNO} instead", kind="page.passed_over", why="had 3 pages within 1m"
    )
    told = entry("aaaaaaaaaa", 2, f"{BRUNO} has received it", kind="page.delivered", why="instead of person:ana")
    page = [line.plain for line in timeline([over, told], NOW)]
    assert page[0].endswith("person:ana is not paged; person:bruno instead — had 3 pages within 1m")
    assert page[1].endswith("person:bruno has received it")


def test_the_end_of_maintenance_is_named_and_how_far_away_it_is() -> None:
    until = NOW.now + timedelta(minutes=5)
    view = view_of(snapshot("aaaaaaaaaa")).model_copy(update={"maintenance_until": until, "maintenance_why": "db"})
    page = "\n".join(line.plain for line in ticket_page(view, [], NOW))
    assert f"in maintenance until {NOW.clock(until)} (in 5m): db" in page


@pytest.mark.parametrize(
    ("tier", "name", "tiers", "says"),
    [
        (2, "experts", ["primary", "experts"], "tier 2 of 2: experts\n  ladder: primary → [experts]\n"),
        (3, "catch-all", ["primary", "experts"], "past the last tier: catch-all\n  ladder: primary → experts\n"),
        (2, "experts", [], "tier 2: experts\n  not acknowledged\n"),
    ],
)
def test_the_page_counts_no_tier_that_is_not_there(tier: int, name: str, tiers: list[str], says: str) -> None:
    at = {"tier": tier, "tier_name": name, "tiers": tiers}
    view = view_of(snapshot("aaaaaaaaaa")).model_copy(update=at)
    page = "\n".join(line.plain for line in ticket_page(view, [], NOW))
    assert says in page
