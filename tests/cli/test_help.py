"""Help answers at once, says the same everywhere, and shows how a command is used."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli import main
from cli.lazy import WIDTH, Explained, Later, LazyGroup
from docs import generate
from tests.cli.conftest import PROGRAM, ROOT, work_of

HEAVY = ("temporalio", "pydantic", "sqlalchemy", "rich", "ruamel", "asyncio", "httpx")


def every() -> list[tuple[str, click.Command, click.Context]]:
    return list(generate.every_command())


def registries() -> list[tuple[str, Later]]:
    books = {"": main.COMMANDS, "ticket ": main.TICKET, "page ": main.PAGE, "journal ": main.JOURNAL}
    books["calendar "] = main.CALENDAR
    books |= {"oncall ": main.ONCALL, "oncall override ": main.OVERRIDE, "oncall away ": main.AWAY}
    books |= {"oncall swap ": main.SWAP, "oncall temporary ": main.TEMPORARY}
    return [(f"{group}{name}", later) for group, book in books.items() for name, later in book.items()]


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; from cli import main; code = main.run(['--help']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_of_a_command_imports_no_engine_room() -> None:
    probe = (
        "import sys; from cli import main; code = main.run(['ticket', 'ack', '--help']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_takes_less_than_0_15_s_of_work() -> None:
    def ask() -> None:
        subprocess.run([PROGRAM, "--help"], capture_output=True, check=True)

    assert any(work_of(ask) < 0.15 for _ in range(10))


@pytest.mark.parametrize(("name", "later"), registries(), ids=[name for name, _ in registries()])
def test_the_registry_says_what_the_command_says(name: str, later: Later) -> None:
    module, _, attribute = later.target.partition(":")
    __import__(module)
    command = getattr(sys.modules[module], attribute)
    if isinstance(command, LazyGroup):
        return
    assert command.short_help == later.summary
    assert command.name == name.rsplit(maxsplit=1)[-1]
    assert len(later.summary) <= WIDTH - 15
    assert not later.summary.endswith(".")


@pytest.mark.parametrize(("path", "command"), [(p, c) for p, c, _ in every()], ids=[p for p, _, _ in every()])
def test_each_help_fits_80_columns_and_has_examples(path: str, command: click.Command) -> None:
    context = next(ctx for p, _, ctx in every() if p == path)
    text = generate.help_of(command, context)
    usage, _, examples = text.partition("Examples:")
    assert max(map(len, usage.splitlines())) <= WIDTH
    if isinstance(command, LazyGroup):
        return
    assert isinstance(command, Explained)
    assert command.examples, "a help without an example"
    assert all(path.removeprefix("escalade ") in line or "completion" in line for line in command.examples)
    assert all(line in examples for line in command.examples)
    assert all(len(line) <= WIDTH - 2 for line in command.examples)


def test_each_example_is_a_command_line_that_parses() -> None:
    for path, command, _ in every():
        for example in getattr(command, "examples", ()):
            words = _words(example, path)
            context = command.make_context(path, words, resilient_parsing=False)
            context.close()


def _words(example: str, path: str) -> list[str]:
    """The arguments of an example, without what is around the command in the shell."""
    inner = re.sub(r'^eval "\$\((.*)\)"$', r"\1", example).split(" | ")[-1].split(" > ")[0]
    words = shlex.split(inner)
    return words[words.index("escalade") + len(path.split()) :]


def test_the_reference_is_what_the_code_says() -> None:
    assert generate.stale() == []


def test_a_stale_reference_is_seen(tmp_path: Path) -> None:
    for name, text in generate.generate().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert generate.stale(tmp_path) == []
    (tmp_path / "cli.md").write_text("old", encoding="utf-8")
    (tmp_path / "exit-codes.md").unlink()
    assert generate.stale(tmp_path) == ["cli.md", "exit-codes.md"]
