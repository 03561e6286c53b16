"""Checking the configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.errors import Problem

directory = click.argument(
    "directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False)
)


@command(
    "check",
    examples=["escalade check", "escalade check /etc/escalade --output json"],
)
@directory
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
def check(invocation: Invocation, directory: Path | None, *, strict: bool) -> int:
    """Check the configuration, all errors at once.

    DIR is the configuration directory; by default ESCALADE_CONFIG, else ./config. Each problem is told with file,
    line, field, and how to mend it. Exit code 3 when there is an error.
    """
    from configuration import check as problems_of
    from worker.registry import extensions

    found = extensions()
    place = directory or config_directory()
    problems = problems_of(place, env=os.environ, channels=found.channels, steps=found.steps, now=invocation.now())
    errors = [problem for problem in problems if problem.level == "error"]
    failed = bool(errors or (strict and problems))
    if invocation.json:
        from cli.render.documents import write_json
        from cli.render.problems import problem_json

        write_json({"directory": str(place), "valid": not failed, "problems": [problem_json(p) for p in problems]})
    else:
        _tell(place, problems, errors)
    return ExitCode.CONFIGURATION if failed else ExitCode.OK


def config_directory() -> Path:
    """The configuration directory that the environment names."""
    from cli.doors import settings

    return settings().config


def _tell(place: Path, problems: list[Problem], errors: list[Problem]) -> None:
    from cli.render.problems import problem_line

    for problem in problems:
        click.echo(problem_line(problem), err=True)
    warnings = len(problems) - len(errors)
    also = f", {_count(warnings, 'warning')}" if warnings else ""
    if errors:
        click.echo(f"{place}: {_count(len(errors), 'error')}{also}.", err=True)
    else:
        click.echo(f"{place} is valid{also}.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
