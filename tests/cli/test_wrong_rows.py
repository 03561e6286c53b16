"""Wrong rows: each told with its line and a mend, none stopping the good ones, nothing opened twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exits import ExitCode
from cli.ticket.reading import Read, read_tickets
from cli.ticket.rows import format_of, read_rows
from escalade.errors import Problem
from tests.cli.conftest import Run

JSONL = [
    ('{"title": "Disk full", "severity": "P2", "labels": {"host": "db7"}}', None),
    ("not json", "rows.jsonl:2: This is not JSON: Expecting value. Write one whole object a line."),
    ('["a", "b"]', 'rows.jsonl:3: This is a list, not an object. Write one object a line: {{"title": …}}.'),
    ("3", 'rows.jsonl:4: This is a bare value, not an object. Write one object a line: {{"title": …}}.'),
    ('{"severity": "sev1"}', "rows.jsonl:5: title: There is no title. Say in a few words what is wrong."),
    (
        '{"title": "x", "severity": "terrible"}',
        "rows.jsonl:6: severity: 'terrible' is no severity. Write sev1…sev5, P1…P5 or critical…info.",
    ),
    (
        '{"title": "x", "sevrity": "sev1"}',
        (
            "rows.jsonl:7: sevrity: A ticket has no such field. Did you mean severity? "
            "Rename it, put it under labels (label.sevrity), or use --mapping."
        ),
    ),
    (
        '{"title": "x", "opened_at": "2026-03-01 09:00"}',
        ("rows.jsonl:8: opened_at: '2026-03-01 09:00' is not possible here. Write it like 2026-03-01T09:00:00+01:00."),
    ),
    (
        '{"title": "x", "status": "open"}',
        ("rows.jsonl:9: status: 'open' is not possible here. Write new, pending, resolved or closed."),
    ),
    (
        '{"title": "x", "labels": "db7"}',
        'rows.jsonl:10: labels: \'db7\' is not possible here. Write it like {{"host": "db7"}}.',
    ),
    (
        '{"title": "x", "service": 7}',
        "rows.jsonl:11: service: 7 is not possible here. Write a text; quotes make one of a number.",
    ),
    (
        '{"title": "\\ud800"}',
        (
            "rows.jsonl:12: It holds half of a character that takes two. "
            "Write the character itself, or both of its \\u parts."
        ),
    ),
    ('{"title": "Cert ends", "tags": ["tls"]}', None),
]


def problems_of(content: bytes, name: str) -> tuple[list[Read], list[str]]:
    found = list(read_tickets(name, read_rows(name, content, format_of(name, content)), {"source": "file"}))
    return [f for f in found if isinstance(f, Read)], [str(f) for f in found if isinstance(f, Problem)]


def test_each_wrong_row_is_told_with_its_line_and_mend() -> None:
    content = "\n".join(row for row, _ in JSONL).encode()
    good, bad = problems_of(content, "rows.jsonl")
    wanted = [text.format() for _, text in JSONL if text]
    assert bad[: len(wanted)] == wanted
    assert [row.line for row in good] == [1, 13]


CSV = [
    ("title,severity,label.host", None),
    ("Disk full,sev2,db7", None),
    ("Too,many,values,here", "rows.csv:3: This row has 4 values, the header names 3 columns. "),
    ("Too few", "rows.csv:4: This row has 1 values, the header names 3 columns. "),
    (",sev1,db8", "rows.csv:5: title: There is no title. "),
    ("x,urgent,db9", "rows.csv:6: severity: 'urgent' is no severity. "),
    ('"Two\nlines",sev3,db1', None),
    ("After two lines,sev0,db2", "rows.csv:9: severity: 'sev0' is no severity. "),
    ("", None),
    ("Last,sev3,", None),
]


def test_lines_of_csv_are_those_of_the_file() -> None:
    good, bad = problems_of("\n".join(row for row, _ in CSV).encode(), "rows.csv")
    assert [text[: len(wanted)] for text, wanted in zip(bad, [w for _, w in CSV if w], strict=True)] == [
        wanted for _, wanted in CSV if wanted
    ]
    assert [(row.line, row.ticket.title) for row in good] == [(2, "Disk full"), (7, "Two\nlines"), (11, "Last")]
    assert good[0].ticket.labels == {"host": "db7"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"title\nOK\n\xff\xfe", "rows.csv:3: This line is not UTF-8. Save the file as UTF-8."),
        (b"title,title\na,b\n", "rows.csv:1: title: The header names this column twice. Rename one of them."),
        (b"\n\n", "rows.csv:1: There is no header line. Name the columns in the first line."),
        (b'title\n"open', "rows.csv:2: This row cannot be read: unexpected end of data. "),
    ],
)
def test_a_damaged_file_says_where(content: bytes, sentence: str) -> None:
    _, bad = problems_of(content, "rows.csv")
    assert [text[: len(sentence)] for text in bad] == [sentence]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    good, bad = problems_of(b"\xef\xbb\xbftitle\nDisk full\n", "rows.csv")
    assert (bad, [row.ticket.title for row in good]) == ([], ["Disk full"])


def test_the_same_row_is_the_same_ticket_and_the_same_event() -> None:
    content = b'{"title": "Disk full"}\n{"title": "Disk full"}\n{"title": "Disk full", "service": "db"}\n'
    first, second, other = problems_of(content, "rows.jsonl")[0]
    again = problems_of(content, "rows.jsonl")[0][0]
    assert first.ticket == second.ticket == again.ticket
    assert first.ticket.dedupe_key != other.ticket.dedupe_key


def test_a_row_with_a_key_of_its_own_keeps_it() -> None:
    content = b'{"title": "Disk full", "dedupe_key": "disk-7"}\n{"title": "Disk fuller", "dedupe_key": "disk-7"}\n'
    first, second = problems_of(content, "rows.jsonl")[0]
    assert first.ticket.dedupe_key == second.ticket.dedupe_key == "disk-7"
    assert first.ticket.event_id != second.ticket.event_id


def test_bad_rows_do_not_hide_the_good_ones_of_a_dry_run(escalade: Run, place: Path) -> None:
    (place / "rows.jsonl").write_text('{"title": "Disk full", "severity": "sev1"}\n{"severity": "sev2"}\n')
    done = escalade("ticket", "open", "--file", "rows.jsonl", "--dry-run", "--output", "json")
    assert done.code == ExitCode.PARTIAL
    assert done.json["would"][0]["ticket"]["title"] == "Disk full"
    assert [(bad["line"], bad["field"]) for bad in done.json["bad"]] == [(2, "title")]


def test_a_wrong_mapping_is_a_configuration_error(escalade: Run, place: Path) -> None:
    (place / "m.yaml").write_text("columns: {titel: number}\n")
    done = escalade("ticket", "open", "--file", "config/tickets/servicenow.csv", "--mapping", "m.yaml", "--dry-run")
    assert done.code == ExitCode.CONFIGURATION
    assert "m.yaml:1" in done.err


def test_the_shipped_export_opens_through_its_mapping(escalade: Run) -> None:
    mapping = "config/tickets/servicenow.mapping.yaml"
    by_option = escalade("ticket", "open", "--file", "config/tickets/servicenow.csv", "--mapping", mapping, "--dry-run")
    by_name = escalade("ticket", "open", "config/tickets/servicenow.csv", "--mapping", mapping, "--dry-run")
    assert by_option.code == 0
    assert by_option.out == by_name.out
    assert len(by_option.out.splitlines()) == 5


DEEP = '{"title": "a", "labels": ' + '{"a": ' * 5000 + "1" + "}" * 5000 + "}"


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
@pytest.mark.parametrize(
    ("encoding", "called"),
    [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32")],
)
def test_a_file_of_another_encoding_is_told_once_and_by_its_name(name: str, encoding: str, called: str) -> None:
    text = (
        "title,severity\nDisk f\u00fcll,sev3\nA,sev4\n" if name == "rows.csv" else '{"title": "Disk f\u00fcll"}\n' * 3
    )
    good, bad = problems_of(text.encode(encoding), name)
    assert (good, bad) == (
        [],
        [f"{name}: This is {called} text, not UTF-8. Save the file as UTF-8; spreadsheets call it CSV UTF-8."],
    )


def test_a_nul_and_a_depth_without_end_are_told_and_the_other_rows_open() -> None:
    rows = [
        DEEP,
        "[" * 100_000,
        '{"title": "a\\u0000b"}',
        '{"title": "a\x00b"}',
        '{"title": "a\\\\u0000b"}',
        "\ufeff{}",
    ]
    good, bad = problems_of("\n".join(rows).encode(), "rows.jsonl")
    deep = "This is nested too deeply to be read. A ticket has texts, lists of texts and labels: nothing deeper."
    nul = "This line holds a NUL, which no text can. Remove it; the file may be damaged."
    assert bad == [
        f"rows.jsonl:1: {deep}",
        f"rows.jsonl:2: {deep}",
        f"rows.jsonl:3: {nul}",
        f"rows.jsonl:4: {nul}",
        "rows.jsonl:6: title: There is no title. Say in a few words what is wrong.",
    ]
    assert [row.ticket.title for row in good] == ["a\\u0000b"]
    good, bad = problems_of(b"title\nDi\0sk\nOK\n", "rows.csv")
    assert (bad, [row.ticket.title for row in good]) == ([f"rows.csv:2: {nul}"], ["OK"])
    assert problems_of(b"ti\0tle\nOK\n", "rows.csv") == ([], [f"rows.csv:1: {nul}"])
