"""What is wrong in something a person wrote: a line each, or JSON."""

from __future__ import annotations

from typing import Any

from cli.render.plain import one_line
from escalade.errors import Problem


def problem_line(problem: Problem) -> str:
    """The problem with its place, as compilers write it, so that editors can jump there."""
    return one_line(f"warning: {problem}" if problem.level == "warning" else str(problem))


def problem_json(problem: Problem) -> dict[str, Any]:
    """The problem as programs read it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "found": problem.found,
        "mend": problem.mend,
        "level": problem.level,
    }
