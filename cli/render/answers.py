"""What a ticket answered to a command, for people and programs. No rich here: acknowledging must be quick."""

from __future__ import annotations

from typing import Any

import click

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.messages.views import Answer


def answer_line(answer: Answer, when: Moments, *, instead: str = "") -> str:
    """One sentence, and what happens next.

    Args:
        answer: what the ticket said.
        when: how instants are written.
        instead: said instead of that where it is not the end of the matter: then nothing is ticked off.
    """
    done = answer.confirmed and not instead
    mark = click.style("✓" if done else "…", fg="green" if done else "yellow")
    text = when.localised(one_line(instead or answer.text)).rstrip(".")
    line = f"{mark} {answer.key}  {text}."
    if answer.next is not None:
        line += f" Next: {when.localised(one_line(answer.next.what))} {when.both(answer.next.at)}."
    return line


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer as programs read it."""
    return answer.model_dump(mode="json")
