"""Where output goes: a terminal with colours, or a pipe that gets plain text, never cut and never animated."""

from __future__ import annotations

import os
import sys

import click
from rich.console import Console
from rich.table import Table
from rich.theme import Theme

THEME = Theme(
    {
        "key": "bold cyan",
        "sev1": "bold white on red",
        "sev2": "bold red",
        "sev3": "yellow",
        "sev4": "blue",
        "sev5": "dim",
        "good": "green",
        "bad": "red",
        "quiet": "dim",
        "heading": "bold",
        "due": "magenta",
    }
)
PIPE_WIDTH = 10_000
"""A pipe has no width: what reads it wants whole lines."""


def console(*, stderr: bool = False) -> Console:
    """A console on standard output or error. rich itself leaves out colours for pipes and NO_COLOR."""
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    # NO_COLOR asks for no colours; bold and underline would still be escapes.
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=stream,
        theme=THEME,
        highlight=False,
        emoji=False,
        markup=False,
        soft_wrap=not terminal,
        width=None if terminal else PIPE_WIDTH,
        color_system=None if plain else "auto",
        force_terminal=None if terminal else False,
    )


def redraws(paper: Console) -> bool:
    """Whether what was written there may be drawn again: moving the cursor, or hiding it, takes escapes too."""
    return paper.is_terminal and not paper.is_dumb_terminal and not os.environ.get("NO_COLOR")


def room() -> int | None:
    """Columns of the terminal that standard output is; None for a pipe, which gets whole lines."""
    paper = console()
    return paper.width if paper.is_terminal else None


def write_table(table: Table) -> None:
    """Write a table; in a pipe without the blanks that fill its last column."""
    paper = console()
    if paper.is_terminal:
        paper.print(table)
        return
    with paper.capture() as captured:
        paper.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
