"""The page of `ticket watch` on terminals of any size."""

from __future__ import annotations

import asyncio
import io
import sys
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from cli import doors
from cli.invocation import Invocation
from cli.render.live_page import SHOWN, live_page
from cli.render.moments import Moments
from cli.render.paper import THEME
from cli.ticket.gathering import view_of
from cli.ticket.watch import _look, _watch
from escalade.messages.views import Told
from tests.cli.making import OPENED, entry, fill, snapshot
from worker.client import NoWorkerError, TicketClient

KEY = "aaaaaaaaaa"
WHEN = Moments(OPENED + timedelta(minutes=5))
TOLD = [Told(target=f"person:p{n}", why="on duty " * 20, first_at=OPENED) for n in range(8)]
VIEW = view_of(snapshot(KEY)).model_copy(update={"told": TOLD})
ENTRIES = [entry(KEY, n, f"happening {n}", why="because of this and that " * 4) for n in range(30)]


def shown(width: int, height: int, *, notices: list[str]) -> list[str]:
    """What the terminal shows."""
    paper = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None, theme=THEME)
    page = live_page(VIEW, ENTRIES, WHEN, notices=notices, paper=paper)
    with paper.capture() as captured:
        paper.print(page)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.mark.parametrize("height", [8, 12, 24, 36, 50])
@pytest.mark.parametrize("width", [40, 100])
@pytest.mark.parametrize("notices", [[], ["The store is away."]])
def test_what_happened_last_is_in_sight_on_any_terminal(width: int, height: int, notices: list[str]) -> None:
    lines = shown(width, height, notices=notices)
    text = "\n".join(lines)
    assert KEY in lines[0]
    assert len(lines) < height
    assert "because" in " ".join(lines[-4:])
    if height > 8:
        assert "happening 29" in text
    if height >= 24:
        assert "Timeline" in text
    assert all(notice in text for notice in notices)
    assert "more lines" in text


def test_a_terminal_with_room_shows_the_whole_page() -> None:
    lines = shown(120, 200, notices=[])
    assert not any("more lines" in line for line in lines)
    assert sum("happening" in line for line in lines) == SHOWN
    assert any("18 earlier lines" in line for line in lines)
    assert "happening 29" in "\n".join(lines[-2:])


@pytest.mark.parametrize(("env", "redrawn"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_without_colours_gets_lines_and_no_escapes(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    env: dict[str, str],
    redrawn: bool,
) -> None:
    fill(place, snapshot(KEY, status="closed"), entries=[entry(KEY, 1, "opened"), entry(KEY, 2, "closed")])
    for name, value in {"TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doors, "tickets", lambda: nullcontext(NoWorker()))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    asyncio.run(_watch(Invocation(), KEY, "closed"))
    shown = capsys.readouterr().out
    assert ("\x1b" in shown) is redrawn
    assert "what the store last" in shown
    if not redrawn:
        assert [line.split("  ", 1)[1] for line in shown.splitlines()[-2:]] == ["opened", "closed"]


class NoWorker:
    """A client for whose ticket no worker answers."""

    async def view(self, key: str, **_: Any) -> None:
        raise NoWorkerError(f"No worker answers for ticket {key}.")


def test_a_watch_begins_with_what_the_store_last_heard_while_no_worker_answers_yet(place: Path) -> None:
    client = cast(TicketClient, NoWorker())
    fill(place, snapshot(KEY), entries=[entry(KEY, 1, "opened")])
    found = asyncio.run(_look(client, KEY, None))
    assert [one.what for one in found.entries] == ["opened"]
    assert "what the store last heard" in found.notices[0]
    with pytest.raises(NoWorkerError):
        asyncio.run(_look(client, "bbbbbbbbbb", None))
