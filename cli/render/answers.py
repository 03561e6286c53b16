"""What a ticket answered to a command, for people and programs. No rich here: acknowledging must be quick."""

from __future__ import annotations

from typing import Any

import click

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.messages.views import Answer


def answer_line(answer: Answer, when: Moments) -> str:
    """One sentence, and what happens next."""
    mark = click.style("✓" if answer.confirmed else "…", fg="green" if answer.confirmed else "yellow")
    text = when.localised(one_line(answer.text)).rstrip(".")
    line = f"{mark} {answer.key}  {text}."
    if answer.next is not None:
        line += f" Next: {when.localised(one_line(answer.next.what))} {when.both(answer.next.at)}."
    return line


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer as programs read it."""
    return answer.model_dump(mode="json")
