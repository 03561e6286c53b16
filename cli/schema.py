"""JSON Schemas of the configuration files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exits import ExitCode
from cli.failures import WrongCommandError
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command(
    "schema",
    examples=["escalade schema", "escalade schema --to schemas", "escalade schema --name policy"],
)
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to.  [default: schemas in the configuration directory]",
)
@click.option(
    "--name",
    metavar="NAME",
    help="Print this one instead: escalade, people, policy, schedule, calendar, maintenance or mapping.",
)
def schema(invocation: Invocation, target: Path | None, name: str | None) -> int:
    """Write JSON Schemas, so that editors complete.

    They know the channels and steps that are installed here. The first line of each example file names its
    schema, which is where YAML language servers look.
    """
    from configuration import schemas
    from worker.registry import extensions

    found = extensions()
    made = schemas(found.channels, found.steps)
    if name is not None:
        wanted = name if name.endswith(".json") else f"{name}.schema.json"
        if wanted not in made:
            known = ", ".join(file.removesuffix(".schema.json") for file in made)
            raise WrongCommandError(f"There is no schema {name!r}.", mend=f"Name one of: {known}.")
        click.echo(json.dumps(made[wanted], indent=2, ensure_ascii=False))
        return ExitCode.OK
    from cli.check import config_directory

    place = target or config_directory() / "schemas"
    written = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, content in made.items():
            (place / file).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            written.append(file)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise WrongCommandError(f"{place} cannot be written: {reason}.", mend="Name a directory with --to.") from None
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"directory": str(place), "written": written})
    else:
        for file in written:
            click.echo(f"wrote  {place / file}")
    return ExitCode.OK
