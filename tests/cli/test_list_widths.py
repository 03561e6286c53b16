"""The list on terminals of every width: what a command is typed from stays."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from cli.render.moments import Moments
from cli.render.paper import THEME
from cli.render.ticket_table import next_of, ticket_table
from escalade.messages import Snapshot
from tests.cli.making import OPENED, snapshot

NOW = Moments(OPENED + timedelta(minutes=5, seconds=3))
LONG = "Checkout fails for every customer who pays by card since the release of this morning"


def drawn(width: int, *tickets: Snapshot) -> list[str]:
    paper = Console(width=width, force_terminal=True, file=io.StringIO(), theme=THEME, color_system=None)
    paper.print(ticket_table(tickets, NOW, keys={t.key: t.key for t in tickets}, room=paper.width))
    assert isinstance(paper.file, io.StringIO)
    return paper.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 100, 120])
@pytest.mark.parametrize("title", ["Short", LONG[:25], LONG[:60], LONG])
def test_key_severity_and_status_are_whole_on_any_terminal(width: int, title: str) -> None:
    lines = drawn(
        width,
        snapshot("aaaaaaaaaa", title=title, status="investigating", owner="person:bruno", due=timedelta(hours=3)),
        snapshot("bbbbbbbbbb", title=title, severity="sev3", due=timedelta(minutes=10)),
    )
    assert len(lines) == 3
    assert [line.split()[:3] for line in lines] == [
        ["KEY", "SEV", "STATUS"],
        ["aaaaaaaaaa", "sev1", "investigating"],
        ["bbbbbbbbbb", "sev3", "new"],
    ]
    assert max(map(len, lines)) <= width
    assert title[:5] in lines[1]


def test_the_title_gives_way_before_what_is_next() -> None:
    line = drawn(100, snapshot("aaaaaaaaaa", title=LONG, due=timedelta(minutes=10)))[1]
    assert "in 4m57s it climbs to experts" in line
    assert line.rstrip().endswith("…")
    assert LONG[:12] in line


def test_a_wide_terminal_shows_all_of_it() -> None:
    line = drawn(200, snapshot("aaaaaaaaaa", title=LONG, due=timedelta(minutes=10)))[1]
    assert line.rstrip().endswith(LONG)


def test_next_is_whichever_comes_first_the_next_page_or_the_limit() -> None:
    ticket = snapshot("aaaaaaaaaa", due=timedelta(minutes=10))
    assert next_of(ticket, NOW) == "in 4m57s it climbs to experts"
    sooner = ticket.model_copy(update={"next_due_at": OPENED + timedelta(minutes=6)})
    assert next_of(sooner, NOW) == "in 57s next page"
    named = sooner.model_copy(update={"next_due_what": "it closes"})
    assert next_of(named, NOW) == "in 57s it closes"
    past = ticket.model_copy(update={"next_due_at": OPENED + timedelta(minutes=1)})
    assert next_of(past, NOW) == "in 4m57s it climbs to experts"
    same = ticket.model_copy(update={"next_due_at": ticket.due_at})
    assert next_of(same, NOW) == "in 4m57s it climbs to experts"
