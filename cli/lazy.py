"""Groups and commands that load late and explain themselves.

A group knows the summaries of its commands without importing them; a test holds them equal to what the commands
say themselves.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

WIDTH = 80
SETTINGS: dict[str, Any] = {"max_content_width": WIDTH, "help_option_names": ["--help", "-h"]}


@dataclass(frozen=True, slots=True)
class Later:
    """A command that is imported when somebody asks for it."""

    target: str
    """`module:attribute`."""
    summary: str


class Explained(click.Command):
    """A command with examples at the foot of its help."""

    examples: tuple[str, ...] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's)
        """Write the examples as they are: one a line, never wrapped."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def __init__(self, *args: Any, later: Mapping[str, Later] | None = None, **kwargs: Any) -> None:
        """Keep the registry; its order is the order of the help."""
        kwargs.setdefault("context_settings", SETTINGS)
        super().__init__(*args, **kwargs)
        self.later = dict(later or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The names, in the order of the registry."""
        return list(self.later)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's)
        """Import the command."""
        later = self.later.get(cmd_name)
        if later is None:
            return None
        module, _, attribute = later.target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command), later.target
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant, or say which ones are near."""
        name = args[0]
        if name not in self.later and not name.startswith("-") and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(name, self.later, n=2)
            hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
            raise click.UsageError(f"No such command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's)
        """Write the summaries without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, later.summary) for name, later in self.later.items()])
