"""Standard output that is closed, full, read by nobody, or has no form for a character."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cli.exits import ExitCode
from tests.cli.conftest import PROGRAM, Run
from tests.cli.making import entry, fill, snapshot

LIST = ["ticket", "list"]


@pytest.fixture
def filled(place: Path) -> Path:
    keys = [f"aaaaaaaa{a}{b}" for a in "abcdefghij" for b in "abcdefghij"]
    fill(place, *[snapshot(key, title=f"Café ✓ {'x' * 200}") for key in keys])
    fill(place, snapshot("bbbbbbbbbb", severity="sev5"), entries=[entry("bbbbbbbbbb", 1, "Café ✓")])
    return place


def shell(line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """A command line as a shell runs it, with its exit code as that of its first program."""
    script = f"set -o pipefail; {line}"
    env = {**os.environ, **env, "E": str(PROGRAM)}
    return subprocess.run(["bash", "-c", script], capture_output=True, env=env, timeout=60, check=False)


@pytest.mark.parametrize("command", ["--help", "ticket list", "ticket list --output json", "ticket ack bbbbbbbbbb"])
def test_a_closed_output_is_said_before_anything_is_done(filled: Path, command: str) -> None:
    done = shell(f'"$E" {command} >&-')
    assert done.returncode == ExitCode.GENERAL
    assert done.stderr.decode().splitlines() == [
        "Error: Standard output is closed; nothing was done.",
        "  Send it to a file, or to /dev/null.",
    ]


@pytest.mark.parametrize("command", ["--help", "ticket list", "ticket list --output json", "journal export bbbbbbbbbb"])
def test_a_full_disk_is_a_sentence(filled: Path, command: str) -> None:
    done = shell(f'"$E" {command} >/dev/full')
    assert done.returncode == ExitCode.GENERAL
    assert done.stderr.decode().splitlines() == [
        "Error: What was to be written could not be: no space left on device.",
        "  Make room, or write elsewhere.",
    ]
    assert not list(filled.glob("state/crashes/*"))


@pytest.mark.parametrize("command", ["ticket list --limit 1000", "journal export", "ticket list --output json"])
def test_a_reader_that_goes_away_ends_it_quietly(filled: Path, command: str) -> None:
    done = shell(f'"$E" {command} | true')
    assert (done.returncode, done.stderr) == (ExitCode.PIPE, b"")


@pytest.mark.parametrize(
    "env",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["PYTHONIOENCODING", "LC_ALL"],
)
def test_an_ascii_terminal_gets_question_marks_and_programs_get_escapes(
    program: Run, filled: Path, env: dict[str, str]
) -> None:
    listed = program(*LIST, **env)
    assert (listed.code, listed.out.isascii()) == (0, True)
    assert "Caf? ?" in listed.out
    document = program(*LIST, "--output", "json", **env)
    assert document.out.isascii()
    assert document.json["tickets"][0]["title"].startswith("Café ✓")
    exported = program("journal", "export", "bbbbbbbbbb", **env)
    assert exported.out.isascii()
    assert json.loads(exported.out)["what"] == "Café ✓"
    doctor = program("doctor", **env)
    assert doctor.code == ExitCode.GENERAL
    assert doctor.err == ""


def test_an_encoding_with_few_characters_gets_question_marks(program: Run, filled: Path) -> None:
    done = subprocess.run(
        [PROGRAM, *LIST], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, check=False
    )
    assert (done.returncode, "Café ?" in done.stdout.decode("latin-1")) == (0, True)


def test_closed_input_and_closed_error_are_no_fault_of_ours(filled: Path) -> None:
    done = shell('"$E" ticket ack zzz <&- 2>&-')
    assert done.returncode == ExitCode.NOT_FOUND
    empty = shell('"$E" ticket open --file - --format csv <&-')
    assert empty.returncode == ExitCode.PARTIAL
    assert "There is no header line." in empty.stderr.decode()
