"""What commands write: lists, keys, JSON, and nothing that a pipe cannot take."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.keys import KEY_LENGTH
from cli.render.documents import DOCUMENTS
from escalade import ticket as ground
from tests.cli.conftest import PROGRAM, Run
from tests.cli.making import ANA, entry, fill, snapshot

ANSI = re.compile(r"\x1b\[")


@pytest.fixture
def filled(place: Path) -> Path:
    """A store with three open tickets and one that is resolved."""
    fill(
        place,
        snapshot("aaaaaaaaaa", due=timedelta(minutes=10), paged=["person:ana"]),
        snapshot("aaaabbbbbb", title="Refunds are late", severity="sev3", owner="bruno", due=timedelta(hours=2)),
        snapshot("bbbbbbbbbb", title="Disk full\x1b[2J", severity="sev2", service="platform"),
        snapshot("cccccccccc", title="Old", status="resolved", owner="ana"),
        entries=[
            entry("aaaaaaaaaa", 1, "opened from cli: Checkout is down", kind="ticket.opened", actor=ANA),
            entry("aaaaaaaaaa", 2, "round 1 pages person:ana", kind="round.started", why="on duty"),
            entry("aaaaaaaaaa", 3, "=HYPERLINK(1)", actor=ANA),
        ],
    )
    return place


def test_keys_are_as_long_as_the_ground_makes_them() -> None:
    assert KEY_LENGTH == ground.KEY_LENGTH


def test_the_list_puts_the_most_pressing_first_and_leaves_out_what_is_over(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "list")
    assert [line.split()[0] for line in done.out.splitlines()] == ["KEY", "aaaaa", "bbbb", "aaaab"]
    assert done.code == 0


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["--mine", "--as", "ana"], ["aaaaaaaaaa"]),
        (["--mine", "--as", "bruno@example.com"], ["aaaabbbbbb"]),
        (["--unacknowledged"], ["aaaaaaaaaa", "bbbbbbbbbb"]),
        (["--severity", "sev2", "--severity", "sev3"], ["bbbbbbbbbb", "aaaabbbbbb"]),
        (["--service", "platform"], ["bbbbbbbbbb"]),
        (["--tier", "experts"], []),
        (["--status", "resolved"], ["cccccccccc"]),
        (["--all"], ["aaaaaaaaaa", "cccccccccc", "bbbbbbbbbb", "aaaabbbbbb"]),
        (["--all", "--mine", "--as", "ana"], ["aaaaaaaaaa", "cccccccccc"]),
        (["--limit", "1"], ["aaaaaaaaaa"]),
        (["--due-within", "1h"], ["aaaaaaaaaa", "aaaabbbbbb"]),
    ],
)
def test_filters_narrow_the_list(escalade: Run, filled: Path, arguments: list[str], keys: list[str]) -> None:
    done = escalade("ticket", "list", "--output", "json", *arguments)
    assert [ticket["key"] for ticket in done.json["tickets"]] == keys
    assert done.json["more"] is (arguments[0] == "--limit")


def test_a_list_that_should_have_moved_says_so(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "list")
    assert "2 of these should have moved by now" in done.err
    assert "escalade doctor" in done.err


def test_an_ambiguous_beginning_lists_the_candidates(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "ack", "aaaa")
    assert done.code == ExitCode.NOT_FOUND
    assert done.err == (
        "Error: 2 tickets start with 'aaaa':\n"
        "  aaaaaaaaaa  new  Checkout is down\n"
        "  aaaabbbbbb  new  Refunds are late\n"
        "  Give more of the key.\n"
    )


def test_a_beginning_of_no_ticket_is_not_found(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "ack", "zzz")
    assert (done.code, done.out) == (ExitCode.NOT_FOUND, "")
    assert done.err.startswith("Error: No ticket's key starts with 'zzz'.\n")


def test_a_filter_that_matches_several_asks_before_it_acts(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "ack", "--service", "payments", "--service", "platform")
    assert done.code == ExitCode.UNREACHABLE  # one ticket: no question, and no server
    done = escalade("ticket", "resolve", "--severity", "sev1", "--severity", "sev2")
    assert done.code == ExitCode.USAGE
    assert done.err.startswith("Error: Resolve 2 tickets (aaaaaaaaaa, bbbbbbbbbb)? There is no terminal to ask on.\n")


def test_a_filter_that_matches_nothing_does_nothing(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "ack", "--service", "nowhere")
    assert (done.code, done.out, done.err) == (0, "", "No open ticket matches: nothing to do.\n")


def test_the_journal_is_shown_whole_by_kind_and_by_number(escalade: Run, filled: Path) -> None:
    whole = escalade("journal", "show", "aaaaaaaaaa")
    assert whole.out.splitlines()[1].endswith("round 1 pages person:ana — on duty")
    by_kind = escalade("journal", "show", "aaaaa", "--kind", "round", "--output", "json").json
    assert [found["kind"] for found in by_kind["entries"]] == ["round.started"]
    last = escalade("journal", "show", "aaaaa", "--last", "1", "--output", "json").json
    assert [found["seq"] for found in last["entries"]] == [3]


def test_a_timeline_says_why_somebody_was_not_paged(escalade: Run, place: Path) -> None:
    passed = entry("aaaaaaaaaa", 1, "person:bruno is not paged", kind="page.passed_over", why="had 10 pages this night")
    told = entry("aaaaaaaaaa", 2, "person:ana was told by sms", kind="page.accepted", why="next in order")
    fill(place, snapshot("aaaaaaaaaa"), entries=[passed, told])
    lines = escalade("journal", "show", "aaaaaaaaaa").out.splitlines()
    assert lines[0].endswith("person:bruno is not paged — had 10 pages this night")
    assert lines[1].endswith("person:ana was told by sms")


def test_a_ticket_is_shown_from_the_store_when_nothing_else_answers(escalade: Run, filled: Path) -> None:
    done = escalade("ticket", "show", "aaaaaaaaaa", "--output", "json")
    assert (done.code, done.json["asked"]) == (0, False)
    assert [entry["kind"] for entry in done.json["timeline"]] == ["ticket.opened", "round.started", "ticket.note"]
    page = escalade("ticket", "show", "aaaaaaaaaa").out
    assert "Note: Temporal cannot be reached" in page
    assert "This is what the store last heard, at 2026-03-02 09:00:00." in page


def test_a_title_cannot_repaint_the_terminal(escalade: Run, filled: Path) -> None:
    shown = escalade("ticket", "list").out + escalade("journal", "show", "bbbb").out
    shown += escalade("journal", "export", "--format", "text").out
    assert "Disk full" in shown
    assert not ANSI.search(shown)


def test_an_export_is_exact_in_json_lines_and_harmless_in_csv(escalade: Run, filled: Path) -> None:
    lines = [json.loads(line) for line in escalade("journal", "export").out.splitlines()]
    rows = list(csv.DictReader(io.StringIO(escalade("journal", "export", "--format", "csv").out)))
    assert len(lines) == len(rows) == 6
    assert [line["entry_id"] for line in lines] == [row["entry_id"] for row in rows]
    formula = next(n for n, line in enumerate(lines) if line["what"].startswith("="))
    assert rows[formula]["what"] == "'=HYPERLINK(1)"
    assert rows[formula]["claimed"] == "true"
    assert lines[0]["at"] == "2026-03-02T09:00:01.000000Z"


def test_an_export_takes_only_what_was_asked_for(escalade: Run, filled: Path) -> None:
    since = escalade("journal", "export", "aaaaa", "--since", "2026-03-02T09:00:02Z", "--until", "2026-03-02T09:00:03Z")
    assert [json.loads(line)["kind"] for line in since.out.splitlines()] == ["round.started"]


def test_an_export_never_overwrites(escalade: Run, filled: Path) -> None:
    first = escalade("journal", "export", "--to", "out.jsonl")
    assert (first.code, first.out, first.err) == (0, "", "wrote 6 entries to out.jsonl\n")
    before = (filled / "out.jsonl").read_bytes()
    again = escalade("journal", "export", "--to", "out.jsonl")
    assert (again.code, again.err) == (2, "Error: out.jsonl exists.\n  Name another file, or move it away.\n")
    assert (filled / "out.jsonl").read_bytes() == before
    assert [path.name for path in filled.glob("out.jsonl*")] == ["out.jsonl"]


def test_a_changed_journal_exits_8(escalade: Run, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = escalade("journal", "verify")
    assert (good.code, good.err) == (0, "")
    assert good.out == "4 streams verified: nothing was changed.\n"
    copy = filled / "copy.db"
    with sqlite3.connect(filled / "state" / "escalade.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    source.close()
    for (trigger,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        target.execute(f"DROP TRIGGER {trigger}")
    changed = "CAST(replace(CAST(body AS TEXT), 'on duty', 'for fun') AS BLOB)"
    target.execute(f"UPDATE bodies SET body = {changed} WHERE stream = 'ticket/aaaaaaaaaa' AND seq = 2")
    target.commit()
    target.close()
    monkeypatch.setenv("ESCALADE_STORE", f"sqlite:///{copy}")
    done = escalade("journal", "verify", "--output", "json")
    assert done.code == ExitCode.TAMPERED
    assert done.json["verified"] is False
    assert [(f["stream"], f["seq"], f["kind"]) for f in done.json["findings"]] == [
        ("ticket/aaaaaaaaaa", 2, "changed_body")
    ]
    assert done.err.startswith("Error: The journal does not verify: it was changed in 1 place.\n")


DOCUMENTED = {
    "ticket list": ["ticket", "list"],
    "journal show": ["journal", "show", "aaaaa"],
    "journal verify": ["journal", "verify"],
    "check": ["check"],
    "init": ["init", "other"],
    "schema": ["schema", "--to", "schemas"],
    "doctor": ["doctor"],
    "page test": ["page", "test", "ana"],
    "ticket open --dry-run": ["ticket", "open", "Disk full", "--dry-run"],
}


@pytest.mark.parametrize(("name", "arguments"), DOCUMENTED.items(), ids=DOCUMENTED)
def test_json_has_the_documented_keys(escalade: Run, filled: Path, name: str, arguments: list[str]) -> None:
    done = escalade(*arguments, "--output", "json")
    assert list(done.json) == list(DOCUMENTS[name])


@pytest.mark.parametrize("arguments", [*DOCUMENTED.values(), ["ticket", "ack", "zzz"], ["--help"]])
def test_what_is_no_terminal_gets_no_colours(escalade: Run, filled: Path, arguments: list[str]) -> None:
    done = escalade(*arguments)
    assert not ANSI.search(done.out + done.err)
    assert all(line == line.rstrip() for line in done.out.splitlines())


def test_a_pipe_gets_whole_lines_without_colours(program: Run, filled: Path) -> None:
    done = program("ticket", "list", TERM="xterm", COLUMNS="40")
    assert not ANSI.search(done.out + done.err)
    assert done.out.splitlines()[1].endswith("Checkout is down")


def on_a_terminal(*arguments: str, answer: str = "", **env: str) -> tuple[int, str]:
    """Run the program on a terminal, and answer what it asks."""
    ours, its = pty.openpty()
    running = subprocess.Popen(
        [PROGRAM, *arguments], stdin=its, stdout=its, stderr=its, env={**os.environ, "TERM": "xterm", **env}
    )
    os.close(its)
    os.write(ours, answer.encode())
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return running.wait(timeout=30), shown.decode()


def test_a_terminal_gets_colours_unless_they_are_not_wanted(filled: Path) -> None:
    assert ANSI.search(on_a_terminal("ticket", "list")[1])
    assert not ANSI.search(on_a_terminal("ticket", "list", NO_COLOR="1")[1])


def test_a_colour_ends_where_its_word_ends(filled: Path) -> None:
    shown = on_a_terminal("journal", "show", "aaaaa", "--utc")[1]
    line = next(line for line in shown.splitlines() if "round 1 pages" in line)
    # The clock is dim, what happened is not.
    assert "\x1b[0mround 1 pages person:ana" in line


def test_a_no_at_the_confirmation_does_nothing(filled: Path) -> None:
    code, shown = on_a_terminal("ticket", "resolve", "--severity", "sev1", "--severity", "sev2", answer="n\n")
    assert "Resolve 2 tickets (aaaaaaaaaa, bbbbbbbbbb)? [y/N]" in shown
    assert code == ExitCode.INTERRUPTED


def test_init_makes_a_configuration_that_is_valid(escalade: Run, place: Path) -> None:
    shutil.rmtree(place / "config")
    assert escalade("check").code == ExitCode.CONFIGURATION
    first = escalade("init")
    assert first.code == 0
    assert "escalade up" in first.out
    assert escalade("check", "--strict").out == f"{place}/config is valid.\n"
    (place / "config" / "people.yaml").write_text("mine")
    (place / "config" / "escalade.yaml").unlink()
    again = escalade("init", "--output", "json").json
    assert again["written"] == ["escalade.yaml"]
    assert "people.yaml" in again["kept"]
    assert (place / "config" / "people.yaml").read_text() == "mine"


def test_a_schema_of_every_file_is_written_and_printed(escalade: Run, place: Path) -> None:
    done = escalade("schema", "--output", "json")
    assert sorted(path.name for path in (place / "config" / "schemas").iterdir()) == sorted(done.json["written"])
    printed = json.loads(escalade("schema", "--name", "policy").out)
    assert printed == json.loads((place / "config" / "schemas" / "policy.schema.json").read_text())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(escalade: Run, shell: str) -> None:
    done = escalade("completion", shell)
    assert done.code == 0
    assert "_ESCALADE_COMPLETE" in done.out


def test_completion_completes_commands(program: Run) -> None:
    done = program(_ESCALADE_COMPLETE="bash_complete", COMP_WORDS="escalade ticket esc", COMP_CWORD="2")
    assert done.out == "plain,escalate\n"


@pytest.mark.parametrize("written", ["sev2", "SEV2", "P2", "error", "2 - High"])
def test_a_severity_may_be_written_as_other_systems_call_it(escalade: Run, filled: Path, written: str) -> None:
    listed = escalade("ticket", "list", "--severity", written, "--output", "json")
    assert [row["key"] for row in listed.json["tickets"]] == ["bbbbbbbbbb"]
