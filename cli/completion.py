"""The completion script of a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import command

if TYPE_CHECKING:
    from cli.invocation import Invocation


@command(
    "completion",
    examples=[
        'eval "$(escalade completion bash)"',
        "escalade completion zsh > ~/.zfunc/_escalade",
        "escalade completion fish > ~/.config/fish/completions/escalade.fish",
    ],
    output=False,
)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(invocation: Invocation, shell: str) -> int:  # noqa: ARG001 (every command is given the invocation)
    """Print the completion script of a shell.

    SHELL is bash, zsh or fish. Load the output from your shell's start-up file, or save it where it looks for
    completions.
    """
    from click.shell_completion import get_completion_class

    from cli.main import root

    found = get_completion_class(shell)
    assert found is not None, shell
    click.echo(found(root, {}, "escalade", "_ESCALADE_COMPLETE").source())
    return 0
