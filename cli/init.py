"""A working configuration directory to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.failures import WrongCommandError
from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command(
    "init",
    examples=["escalade init", "escalade init /etc/escalade"],
)
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
def init(invocation: Invocation, directory: Path | None) -> int:
    """Create a working configuration directory.

    DIR is made if it is missing; by default ESCALADE_CONFIG, else ./config. Every file is commented and works as
    it is. A file that exists is never overwritten.
    """
    from cli.check import config_directory

    place = directory or config_directory()
    written, kept = copy_examples(place)
    if invocation.json:
        from cli.render.documents import write_json

        write_json({"directory": str(place), "written": written, "kept": kept})
        return 0
    for name in written:
        click.echo(f"wrote  {place / name}")
    for name in kept:
        click.echo(f"kept   {place / name} (it exists)")
    click.echo(_next_steps(place))
    return 0


def copy_examples(place: Path) -> tuple[list[str], list[str]]:
    """Copy what is missing.

    Returns:
        The names that were written, and those that were there.

    Raises:
        WrongCommandError: when the directory cannot be written.
    """
    written, kept = [], []
    try:
        for name, source in sorted(_examples()):
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with target.open("xb") as file:
                    file.write(source.read_bytes())
            except FileExistsError:
                kept.append(name)
            else:
                written.append(name)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        where = error.filename or place
        raise WrongCommandError(f"{where} cannot be written: {reason}.", mend="Name a directory of yours.") from None
    return written, kept


def _examples() -> Iterator[tuple[str, Traversable]]:
    from importlib.resources import files

    yield from _walk(files("cli") / "examples", "")


def _walk(directory: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in directory.iterdir():
        if item.name.startswith((".", "__")):
            continue
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield f"{prefix}{item.name}", item


def _next_steps(place: Path) -> str:
    export = "" if place == Path("config").absolute() else f"  export ESCALADE_CONFIG={place}\n"
    return (
        f"\nNext:\n{export}"
        "  escalade check                      says whether the configuration is valid\n"
        "  escalade up                         starts everything here; Ctrl-C ends it\n"
        '  escalade ticket open "It is broken" --severity sev1\n'
        "Then edit people.yaml: put yourself in it."
    )
