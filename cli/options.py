"""Options that commands share, and the decorator that makes a function a command with them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import click

from cli.invocation import Invocation
from cli.lazy import SETTINGS, Explained

Body = Callable[..., Any]


def command(
    name: str, *, examples: Sequence[str], output: bool = True, instants: bool = False
) -> Callable[[Body], Explained]:
    """Make a function a command.

    The function's first argument is the `Invocation`. Its docstring is the help; the first line, without its full
    stop, is the summary, and the same as in the registry of `cli.main`.

    Args:
        name: what is typed.
        examples: at least one, long options, as a person would type them.
        output: whether `--output` makes sense for it.
        instants: whether it writes instants, and `--utc` therefore makes sense.
    """

    def decorate(function: Body) -> Explained:
        def body(**values: Any) -> Any:
            invocation = Invocation(
                output=values.pop("output", "table"),
                utc=values.pop("utc", False),
                verbose=values.pop("verbose", 0),
                person=values.pop("as_person", None),
            )
            invocation.begin()
            return function(invocation, **values)

        text = inspect.cleandoc(function.__doc__ or "")
        declared = list(reversed(getattr(function, "__click_params__", [])))
        shared: list[click.Parameter] = []
        if output:
            shared.append(_OUTPUT)
        if instants:
            shared.append(_UTC)
        shared.append(_VERBOSE)
        made = Explained(
            name,
            params=[*declared, *shared],
            callback=body,
            help=text,
            short_help=text.split("\n", 1)[0].removesuffix("."),
            context_settings=SETTINGS,
        )
        made.examples = tuple(examples)
        return made

    return decorate


_OUTPUT = click.Option(
    ["--output"],
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    metavar="FORMAT",
    help="table for people, json for programs.",
)
_UTC = click.Option(["--utc"], is_flag=True, help="Show instants in UTC instead of local time.")
_VERBOSE = click.Option(["--verbose", "-v"], count=True, help="Log what is done; -vv logs more.")

acting = click.option(
    "--as",
    "as_person",
    metavar="PERSON",
    envvar="ESCALADE_AS",
    help="Who is acting: an id or login of people.yaml.  [default: ESCALADE_AS, your login, login of escalade.yaml]",
)
"""For commands that a person gives."""


def said(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A text that says something, without the blanks around it. A callback of options and arguments."""
    if not (text := value.strip()):
        raise click.BadParameter("it says nothing; write a few words.", ctx=ctx, param=param)
    return text


key = click.argument("key", metavar="KEY")
keys = click.argument("keys", metavar="[KEY]...", nargs=-1)
comment = click.option("--comment", default="", metavar="TEXT", help="Kept with it in the timeline.")
reason = click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
