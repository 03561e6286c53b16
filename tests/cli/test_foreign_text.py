"""What somebody else wrote cannot repaint a terminal, forge a line, or show in another order than it is stored."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.failures import tell
from cli.invocation import Invocation
from cli.render.answers import answer_line
from cli.render.plain import lines, one_line
from cli.ticket.importing import Imported, Opening
from cli.ticket.opening_files import _report
from escalade.messages.views import Answer
from escalade.ticket import Severity, Status
from tests.cli.conftest import Done, Run
from tests.cli.making import entry, fill, snapshot

EVIL = "Disk\x1b[2J\x1b]0;x\x07 full\r\nError: forged\u202egnp.exe\u2066\x9b31m\u2028end"


def harmless(done: Done) -> bool:
    """Whether everything that was written prints, line by line."""
    return all(line.isprintable() for line in (done.out + done.err).split("\n"))


def test_a_text_is_made_one_printing_line_of_the_same_length() -> None:
    assert one_line(EVIL).isprintable()
    assert len(one_line(EVIL)) == len(EVIL)
    assert one_line("Überfüllt, 满了") == "Überfüllt, 满了"
    assert lines("one\x1b\ntwo\r") == "one \ntwo "


def test_a_dry_run_shows_a_title_harmlessly(escalade: Run) -> None:
    done = escalade("ticket", "open", EVIL, "--dry-run")
    assert done.code == 0
    assert "Disk" in done.out
    assert harmless(done)


def test_a_dry_run_of_a_file_shows_titles_harmlessly(escalade: Run, place: Path) -> None:
    rows = [json.dumps({"title": EVIL}), json.dumps({"title": EVIL, EVIL: 1, "severity": EVIL}), json.dumps(EVIL)]
    (place / "rows.jsonl").write_text("\n".join([rows[0], *rows]) + "\n")
    done = escalade("ticket", "open", "--file", "rows.jsonl", "--dry-run")
    assert done.code == ExitCode.PARTIAL
    assert done.out.count("Disk") == 2
    assert "Error: forged" not in [line.strip() for line in done.err.splitlines()]
    assert harmless(done)


def test_opened_rows_are_told_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    code = _report(Invocation(), Imported(opened=[Opening(2, "aaaaaaaaaa", EVIL, existed=False)]))
    out, err = capsys.readouterr()
    assert code == 0
    assert out.count("\n") == 1
    assert harmless(Done(code, out, err))


def test_the_candidates_of_an_ambiguous_key_are_a_line_each(escalade: Run, place: Path) -> None:
    fill(place, snapshot("aaaaaaaaaa", title=EVIL), snapshot("aaaabbbbbb", title=EVIL))
    done = escalade("ticket", "ack", "aaaa")
    assert done.code == ExitCode.NOT_FOUND
    assert len(done.err.splitlines()) == 4
    assert harmless(done)


def test_an_answer_and_an_error_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(key="aaaaaaaaaa", text=f"noted: {EVIL}", status=Status.NEW, severity=Severity.SEV1)
    line = answer_line(answer, Invocation().moments())
    assert "\n" not in line
    assert "\u202e" not in line
    tell(f"He said {EVIL}", EVIL)
    assert harmless(Done(0, "", capsys.readouterr().err))


def test_lists_pages_and_text_exports_are_harmless(escalade: Run, place: Path) -> None:
    evil = snapshot("aaaaaaaaaa", title=EVIL, owner=EVIL).model_copy(update={"followers": [EVIL], "tier_name": EVIL})
    fill(place, evil, entries=[entry("aaaaaaaaaa", 1, EVIL, why=EVIL)])
    for command in (["ticket", "list"], ["ticket", "show", "aaaaaaaaaa"], ["journal", "show", "aaaaaaaaaa"]):
        assert harmless(escalade(*command)), command
    assert harmless(escalade("journal", "export", "--format", "text"))


def test_a_csv_export_has_blanks_for_what_does_not_print(escalade: Run, place: Path) -> None:
    made = entry("aaaaaaaaaa", 1, EVIL, why=EVIL).model_copy(update={"data": {"title": EVIL}})
    fill(place, snapshot("aaaaaaaaaa"), entries=[made])
    done = escalade("journal", "export", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert row["what"] == one_line(EVIL)
    assert harmless(done)
    exact = json.loads(escalade("journal", "export").out)
    assert exact["what"] == EVIL
