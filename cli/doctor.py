"""What is wrong, and how to mend it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from typing import TYPE_CHECKING

from cli.exits import ExitCode
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from worker.doctor import Diagnosis

_MARKS = {"ok": ("✓", "good"), "warning": ("!", "due"), "error": ("✗", "bad")}


@command("doctor", examples=["escalade doctor", "escalade doctor --output json"])
def doctor(invocation: Invocation) -> int:
    """Say what is wrong and how to mend it.

    Configuration, store, journal, disk, Temporal, its search attributes and the workers on each queue are looked at;
    nothing is changed: what is written into the store to see that it can be is removed at once. Exit code 1 when
    something is wrong.
    """
    from cli.doors import settings
    from worker.doctor import examine

    found = asyncio.run(examine(settings(), dict(os.environ)))
    healthy = all(diagnosis.level != "error" for diagnosis in found)
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"healthy": healthy, "findings": [dataclasses.asdict(diagnosis) for diagnosis in found]})
    else:
        _tell(found)
    return ExitCode.OK if healthy else ExitCode.GENERAL


def _tell(found: list[Diagnosis]) -> None:
    from rich.text import Text

    from cli.render.paper import console
    from cli.render.plain import one_line

    paper = console()
    for diagnosis in found:
        mark, style = _MARKS[diagnosis.level]
        line = Text().append(f"{mark} ", style=style)
        line.append(f"{diagnosis.name}: ", style="key").append(one_line(diagnosis.says))
        paper.print(line)
        if diagnosis.mend:
            paper.print(Text(f"    {diagnosis.mend}"))
