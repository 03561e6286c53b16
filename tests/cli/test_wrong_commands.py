"""Wrong commands: one clear sentence, how to mend it, the documented exit code, nothing half done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.exits import MEANINGS, ExitCode
from tests.cli.conftest import Run

KEY = "abcdefghij"
NO_STORE = (
    "Error: The store sqlite:///{place}/state/escalade.db does not exist yet.\n"
    "  Check ESCALADE_STORE, or start `escalade up` or `escalade worker`, which create it.\n"
)
WRONG: dict[str, tuple[list[str], ExitCode, str]] = {
    "a command that does not exist": (
        ["tikcet"],
        ExitCode.USAGE,
        "Error: No such command 'tikcet'. Did you mean 'ticket'?\n  See: escalade --help\n",
    ),
    "a verb that does not exist": (
        ["ticket", "acknowledge", KEY],
        ExitCode.USAGE,
        "Error: No such command 'acknowledge'.\n  See: escalade ticket --help\n",
    ),
    "an option that does not exist": (
        ["ticket", "open", "Disk full", "--sevrity", "sev1"],
        ExitCode.USAGE,
        "Error: No such option '--sevrity'. Did you mean '--severity'?\n  See: escalade ticket open --help\n",
    ),
    "a ticket without a title": (
        ["ticket", "open", "--severity", "sev1"],
        ExitCode.USAGE,
        'Error: A ticket needs a title.\n  Say in a few words what is wrong: "Checkout is down".\n',
    ),
    "a severity that does not exist": (
        ["ticket", "open", "Disk full", "--severity", "sev9"],
        ExitCode.USAGE,
        (
            "Error: Invalid value for '--severity': 'sev9' is not one of 'sev1', 'sev2', 'sev3', 'sev4', 'sev5'.\n"
            "  See: escalade ticket open --help\n"
        ),
    ),
    "a label without a value": (
        ["ticket", "open", "Disk full", "--label", "db7"],
        ExitCode.USAGE,
        "Error: 'db7' is not a label.\n  Write it like --label host=db7.\n",
    ),
    "a title that is too long": (
        ["ticket", "open", "x" * 1025],
        ExitCode.USAGE,
        (f"Error: The ticket cannot be opened: title: '{'x' * 59}… is too long.\n  Write at most 1024 characters.\n"),
    ),
    "a file that does not exist": (
        ["ticket", "open", "--file", "missing.csv"],
        ExitCode.USAGE,
        (
            "Error: missing.csv cannot be read: no such file or directory.\n"
            "  Give an existing file, or - for standard input.\n"
        ),
    ),
    "a title together with a file": (
        ["ticket", "open", "Disk full", "--file", "config/tickets/tickets.jsonl"],
        ExitCode.USAGE,
        "Error: With --file every row has its own title.\n  Leave the title out.\n",
    ),
    "a mapping without a file": (
        ["ticket", "open", "Disk full", "--mapping", "mapping.yaml"],
        ExitCode.USAGE,
        "Error: --mapping goes with --file.\n  Give the file, or leave it out.\n",
    ),
    "an acknowledgement of nothing": (
        ["ticket", "ack"],
        ExitCode.USAGE,
        (
            "Error: Which tickets? Neither a key nor a filter was given.\n"
            "  Give keys, or a filter such as --service NAME --severity sev3.\n"
        ),
    ),
    "keys together with a filter": (
        ["ticket", "ack", KEY, "--service", "payments"],
        ExitCode.USAGE,
        "Error: Keys and filters cannot be combined.\n  Give one or the other.\n",
    ),
    "several tickets and nobody to confirm": (
        ["ticket", "resolve", KEY, "abcdefghi2"],
        ExitCode.USAGE,
        "Error: Resolve 2 tickets (abcdefghij, abcdefghi2)? There is no terminal to ask on.\n  Confirm with --yes.\n",
    ),
    "what cannot be a key": (
        ["ticket", "ack", "INC-1"],
        ExitCode.NOT_FOUND,
        (
            "Error: 'INC-1' is not a ticket's key.\n"
            "  A key is 10 letters a-z and digits 2-7, or any unique beginning: escalade ticket list\n"
        ),
    ),
    "somebody who is nearly somebody": (
        ["ticket", "ack", KEY, "--as", "anna"],
        ExitCode.USAGE,
        "Error: 'anna' (--as) is nobody in people.yaml.\n  Did you mean ana? Say who you are with --as PERSON.\n",
    ),
    "somebody whom nobody knows": (
        ["ticket", "ack", KEY, "--as", "zzz"],
        ExitCode.USAGE,
        (
            "Error: 'zzz' (--as) is nobody in people.yaml.\n"
            "  It knows ana, bruno, ceo, chloe, cto, david, elena, farid, …. Say who you are with --as PERSON.\n"
        ),
    ),
    "an escalation without a reason": (
        ["ticket", "escalate", KEY],
        ExitCode.USAGE,
        "Error: Missing option '--reason'.\n  See: escalade ticket escalate --help\n",
    ),
    "a duration without a unit": (
        ["ticket", "snooze", KEY, "--for", "30"],
        ExitCode.USAGE,
        "Error: '30' is not a duration. It has no unit.\n  Write it like 90s, 5m, 1h30m, 2d or PT15M.\n",
    ),
    "a note that says nothing": (
        ["ticket", "note", KEY, ""],
        ExitCode.USAGE,
        ("Error: Invalid value for 'TEXT': it says nothing; write a few words.\n  See: escalade ticket note --help\n"),
    ),
    **{
        f"a reason of {words[1]} that says nothing ({blank!r})": (
            [*words, "--reason", blank],
            ExitCode.USAGE,
            "Error: Invalid value for '--reason': it says nothing; write a few words.\n  See: escalade "
            + " ".join(words[:2])
            + " --help\n",
        )
        for words in (
            ["ticket", "escalate", KEY],
            ["ticket", "return", KEY],
            ["journal", "prune", "--older-than", "9d"],
            ["journal", "erase", KEY, "7"],
        )
        for blank in ("", " \t")
    },
    "two ends": (
        ["ticket", "snooze", KEY, "--for", "30m", "--until", "17:00"],
        ExitCode.USAGE,
        "Error: --for and --until cannot be combined.\n  Give one of them.\n",
    ),
    "an end that is past": (
        ["ticket", "pending", KEY, "--until", "2020-01-01T00:00Z"],
        ExitCode.USAGE,
        "Error: '2020-01-01T00:00Z' is past.\n  Give an end that is still to come, or --for 2h.\n",
    ),
    "a ticket merged into itself": (
        ["ticket", "merge", KEY, "--into", KEY],
        ExitCode.USAGE,
        "Error: A ticket cannot be merged into itself.\n  Give two different keys.\n",
    ),
    "a responder whom nobody knows": (
        ["ticket", "respond", KEY, "team:paymnts"],
        ExitCode.USAGE,
        "Error: There is no 'team:paymnts' in the roster.\n  Did you mean team:payments?\n",
    ),
    "a person where a team is meant": (
        ["ticket", "respond", KEY, "platform"],
        ExitCode.USAGE,
        "Error: There is no 'platform' in the roster.\n  Did you mean team:platform?\n",
    ),
    "a test page to nobody": (
        ["page", "test", "nobody"],
        ExitCode.USAGE,
        (
            "Error: Nobody in the roster is called 'nobody'.\n"
            "  There are ana, bruno, ceo, chloe, cto, david, elena, farid, grace, hugo, ines.\n"
        ),
    ),
    "an instant without a zone": (
        ["journal", "export", "--since", "2026-03-01T09:00"],
        ExitCode.USAGE,
        "Error: '2026-03-01T09:00' names no time zone.\n  Add an offset: Z, +01:00, …\n",
    ),
    "a schema that does not exist": (
        ["schema", "--name", "polices"],
        ExitCode.USAGE,
        (
            "Error: There is no schema 'polices'.\n"
            "  Name one of: escalade, people, policy, schedule, calendar, maintenance, mapping.\n"
        ),
    ),
    "a configuration that does not exist": (
        ["check", "nowhere"],
        ExitCode.CONFIGURATION,
        (
            "nowhere: There is no such configuration directory. "
            "Make one with `escalade init`, or let ESCALADE_CONFIG name yours.\nnowhere: 1 error.\n"
        ),
    ),
    "a list without a store": (["ticket", "list"], ExitCode.STORE, NO_STORE),
    "the beginning of a key without store and Temporal": (["ticket", "ack", "abc"], ExitCode.STORE, NO_STORE),
    "a setting that cannot be read": (
        ["journal", "verify"],
        ExitCode.CONFIGURATION,
        (
            "Error: 1 error in the configuration:\n  environment: ESCALADE_PORT: 'x' cannot be used: Input should be a "
            "valid integer, unable to parse string as an integer. Change it or leave it out to have the default.\n"
        ),
    ),
}


@pytest.mark.parametrize(("arguments", "code", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_command_is_one_sentence_and_a_mend(
    escalade: Run,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: list[str],
    code: ExitCode,
    sentence: str,
) -> None:
    if "ESCALADE_PORT" in sentence:
        monkeypatch.setenv("ESCALADE_PORT", "x")
    before = sorted(place.rglob("*"))
    done = escalade(*arguments)
    assert done.err == sentence.replace("{place}", str(place))
    assert (done.code, done.out) == (code, "")
    assert arguments[0] == "page" or sorted(place.rglob("*")) == before


def test_a_note_from_standard_input_that_says_nothing_is_refused(program: Run) -> None:
    done = program("ticket", "note", KEY, "-", "--as", "ana", stdin=" \n")
    assert done.code == ExitCode.USAGE
    assert done.err == "Error: The command cannot be sent: text: this text is empty.\n  Write something.\n"


@pytest.mark.parametrize(
    "arguments", [["ticket", "show", KEY], ["ticket", "ack", KEY], ["ticket", "open", "Disk full"]]
)
def test_a_server_that_does_not_answer_is_named(escalade: Run, arguments: list[str]) -> None:
    done = escalade(*arguments)
    assert done.code == ExitCode.UNREACHABLE
    assert done.out == ""
    first, mend = done.err.splitlines()
    assert first.startswith("Error: Temporal cannot be reached at 127.0.0.1:1 (from TEMPORAL_ADDRESS): ")
    assert (
        mend == "  Start one with `escalade up`, or name another with TEMPORAL_ADDRESS or a profile in temporal.toml."
    )


@pytest.mark.parametrize("command", ["up", "worker"])
def test_nothing_starts_on_a_wrong_configuration(program: Run, place: Path, command: str) -> None:
    (place / "config" / "people.yaml").write_text("peple: {}\n")
    done = program(command)
    assert done.code == ExitCode.CONFIGURATION
    assert "Error: " in done.err
    assert "people.yaml:1: peple: " in done.err
    assert not (place / "state" / "up.json").exists()


@pytest.mark.slow  # it waits for a server that may be starting beside it
def test_a_worker_without_a_server_says_so(program: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALADE_LOG_LEVEL", "error")
    done = program("worker")
    assert done.code == ExitCode.UNREACHABLE
    assert done.err.startswith("Error: Temporal cannot be reached at 127.0.0.1:1 (from TEMPORAL_ADDRESS): ")


def test_a_fault_of_ours_is_a_sentence_and_a_saved_log(
    escalade: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "state").mkdir()

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("what nobody expected")

    monkeypatch.setattr("configuration.check", fails)
    done = escalade("check")
    log = next((place / "state" / "crashes").iterdir())
    assert done.code == ExitCode.INTERNAL
    assert done.err == (
        "Error: Escalade failed at something it did not expect (RuntimeError: what nobody expected).\n"
        f"  That is a fault of ours; please report it with {log.relative_to(place)}\n"
    )
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_every_exit_code_is_documented() -> None:
    assert set(MEANINGS) == set(ExitCode)
    from escalade import errors

    used = {
        found.exit_code
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, errors.EscaladeError)
    }
    assert used <= {int(code) for code in ExitCode}


def test_a_reader_that_goes_away_is_no_fault(program: Run, place: Path) -> None:
    import subprocess

    from tests.cli.conftest import PROGRAM

    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([PROGRAM, "ticket", "--help"], stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writer)
    assert done.stderr == b""


def test_a_name_from_the_environment_is_told_as_such(escalade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALADE_AS", "zed")
    done = escalade("ticket", "ack", "aaaaaaaaaa")
    assert done.err.startswith("Error: 'zed' (ESCALADE_AS) is nobody in people.yaml.")
    done = escalade("ticket", "ack", "aaaaaaaaaa", "--as", "zoe")
    assert done.err.startswith("Error: 'zoe' (--as) is nobody in people.yaml.")
