"""YAML with lines: what is read as what, and what is refused before anything is built from it."""

from __future__ import annotations

import pytest

from configuration.document import DEEPEST, LARGEST_FILE, Document, read_document


def read(text: str | bytes) -> Document:
    document, problems = read_document("a.yaml", text if isinstance(text, bytes) else text.encode())
    assert not problems
    assert document is not None
    return document


def refused(text: str | bytes) -> list[str]:
    return [str(p) for p in read_document("a.yaml", text if isinstance(text, bytes) else text.encode())[1]]


def test_values_are_of_the_core_schema_and_times_dates_and_yes_stay_texts() -> None:
    text = "[yes, on, 09:00, 2026-01-05, 010, 0x1F, 1.5, true, ~, '1', !!str 2, 1_000, .5, '', \"\", null, -3]"
    assert read(text).data == [
        "yes", "on", "09:00", "2026-01-05", 10, 31, 1.5, True, None, "1", "2", "1_000", 0.5, "", "", None, -3,
    ]  # fmt: skip


def test_keys_are_texts_whatever_they_look_like() -> None:
    assert read("{1: a, true: b, null: c, 1.5: d}").data == {"1": "a", "true": "b", "null": "c", "1.5": "d"}


def test_every_value_knows_its_line() -> None:
    document = read("# a comment\none:\n  two: 1\n\n  three:\n    - x\n    - {name: y, z: 1}\n")
    lines = {".".join(map(str, path)): line for path, line in document.lines.items()}
    assert lines == {
        "": 2, "one": 2, "one.two": 3, "one.three": 5, "one.three.0": 6, "one.three.1": 7, "one.three.1.name": 7,
        "one.three.1.z": 7,
    }  # fmt: skip
    assert document.line(("one", "three", 9, "more")) == 5
    assert document.field(("one", "three", 1, "z")) == "one.three[y].z"
    assert document.field(("one", "three", 0)) == "one.three[1]"


def test_an_alias_is_written_out_and_has_the_line_of_what_it_stands_for() -> None:
    document = read("a: &x\n  b: 1\nc: *x\n")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.line(("c",)) == 3
    assert document.line(("c", "b")) == 2


def test_a_byte_order_mark_is_no_text() -> None:
    assert read(b"\xef\xbb\xbfa: 1").data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "a.yaml:3: The key 'a' is written twice (first in line 1). Keep one of them."),
        ("a: &x [*x]", "a.yaml:1: The alias *x is not defined before this line. Define it above with &,"),
        ("a: 1\nb: *y", "a.yaml:2: The alias *y is not defined before this line. Define it above with &,"),
        ("a: 1\n---\nb: 1", "a.yaml:2: A second document begins here. One file is one document."),
        ("a: !!python/object:os.system x", "a.yaml:1: The tag tag:yaml.org,2002:python/object:os.system is not read. "),
        ("a: !mine {b: 1}", "a.yaml:1: The tag !mine is not read. Remove it; quotes make a text."),
        ("x: &x {a: 1}\ny:\n  <<: *x", "a.yaml:3: Merge keys (<<) are not read. Write the keys out."),
        ("? [a, b]\n: 1", "a.yaml:1: A key here is not a plain text. "),
        ('a: "\\0"', "a.yaml:1: This text holds characters that cannot be printed. Remove them."),
        ('a: "\\ud800"', "a.yaml:1: This text holds characters that cannot be printed. Remove them."),
        ('"\\x07": 1', "a.yaml:1: A key holds characters that cannot be printed. Remove them."),
        ("a: " + "9" * 5000, "a.yaml:1: This number is too long. Put it in quotes if it is a text."),
        ("a:\n\tb: 1", "a.yaml:2: This is not YAML: "),
        ("a: [1", "a.yaml:1: This is not YAML: "),
        ("a: {b: ${C}}", 'a.yaml:1: This is not YAML: expected \',\' or \'}\', but got \'{\'. Inside { } and [ ] a'),
        ('a: "\\UFFFFFFFF"', "a.yaml: This is not YAML. "),
        ("", "a.yaml: The file is empty. Fill it in, or delete it if it is not needed."),
        ("# only a comment\n", "a.yaml: The file is empty. Fill it in, or delete it if it is not needed."),
        (b"a: 1\nb: \xff", "a.yaml:2: This is not UTF-8 text. Save the file as UTF-8."),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), f"a.yaml:1: This is nested deeper than {DEEPEST} levels. "),
        ("a" * (LARGEST_FILE + 1), f"a.yaml: The file is larger than {LARGEST_FILE} bytes. Split it."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_line(text: str | bytes, told: str) -> None:
    (problem,) = refused(text)
    assert problem.startswith(told)


def test_aliases_cannot_blow_a_small_file_up() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    (problem,) = refused(bomb)
    assert "With its aliases written out the file has more than 50000 values." in problem


def test_several_mistakes_of_one_file_are_told_together() -> None:
    assert len(refused("a: 1\na: 2\nb: !x 1\n<<: 3\n")) == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_told_by_its_name(encoding: str) -> None:
    document, problems = read_document("a.yaml", "people:\n  ana: {name: Ana}\n".encode(encoding))
    assert document is None
    assert [str(p) for p in problems] == [
        f"a.yaml: This is {encoding[:6].upper()} text, not UTF-8. Save the file as UTF-8."
    ]


def test_a_character_that_cannot_be_printed_is_told_with_its_line() -> None:
    _, problems = read_document("a.yaml", b"a: 1\nb: x\0y\n")
    assert [str(p) for p in problems] == [
        "a.yaml:2: This line holds a character that cannot be printed (NUL). Remove it."
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    document, problems = read_document("a.yaml", b"\xef\xbb\xbfa: 1\n")
    assert problems == []
    assert document is not None
    assert document.data == {"a": 1}
