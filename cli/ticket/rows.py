"""Rows of a file or of standard input: JSON Lines or CSV, each with its line, the bad ones told and passed over."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cli.failures import WrongCommandError
from configuration.encoding import foreign
from escalade.errors import Problem

Format = Literal["csv", "jsonl"]
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL as JSON writes it."""
_EXTENSIONS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was written."""

    line: int
    values: dict[str, Any]


def read_file(name: str, standard_input: io.BufferedIOBase | Any) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Raises:
        WrongCommandError: when it cannot be read.
    """
    if name == "-":
        return bytes(standard_input.read())
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise WrongCommandError(
            f"{name} cannot be read: {reason}.", mend="Give an existing file, or - for standard input."
        ) from None


def format_of(name: str, content: bytes) -> Format:
    """The format by the name of the file, else by how the content begins."""
    known = _EXTENSIONS.get(Path(name).suffix.lower())
    if known:
        return known
    return "jsonl" if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "csv"


def read_rows(name: str, content: bytes, form: Format) -> Iterator[Row | Problem]:
    """Every row in order: what it says, or what is wrong with it.

    Args:
        name: what the file is called in problems.
        content: its bytes; UTF-8, with or without a byte order mark.
        form: CSV with a header line, or one JSON object a line.
    """
    if (encoding := foreign(content)) is not None:
        found = f"This is {encoding} text, not UTF-8."
        return iter([Problem(name, 0, "", found, "Save the file as UTF-8; spreadsheets call it CSV UTF-8.")])
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return _jsonl(name, text) if form == "jsonl" else _csv(name, text)


def _jsonl(name: str, text: str) -> Iterator[Row | Problem]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if _broken(line):
            yield _not_utf8(name, number)
            continue
        try:
            # Files that were put together keep a byte order mark in the middle.
            value = json.loads(line.removeprefix("\ufeff"))
            again = json.dumps(value, ensure_ascii=False)
        except RecursionError:
            mend = "A ticket has texts, lists of texts and labels: nothing deeper."
            yield Problem(name, number, "", "This is nested too deeply to be read.", mend)
            continue
        except ValueError as error:
            if "\x00" in line:
                yield _no_text(name, number)
                continue
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
            yield Problem(name, number, "", f"This is not JSON: {reason}.", "Write one whole object a line.")
            continue
        if not isinstance(value, dict):
            kind = "a list" if isinstance(value, list) else "a bare value"
            yield Problem(name, number, "", f"This is {kind}, not an object.", 'Write one object a line: {"title": …}.')
            continue
        if _NUL.search(again):
            yield _no_text(name, number)
            continue
        if _broken(again):
            found = "It holds half of a character that takes two."
            yield Problem(name, number, "", found, "Write the character itself, or both of its \\u parts.")
            continue
        yield Row(number, value)


def _csv(name: str, text: str) -> Iterator[Row | Problem]:
    lines = _Counted(io.StringIO(text, newline=""))
    reader = csv.reader(lines, strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        yield Problem(name, 1, "", f"The header cannot be read: {error}.", "Write CSV with a header line.")
        return
    if any("\x00" in column for column in header):
        yield _no_text(name, 1)
        return
    if not any(header):
        yield Problem(name, 1, "", "There is no header line.", "Name the columns in the first line.")
        return
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        yield Problem(name, 1, twice[0], "The header names this column twice.", "Rename one of them.")
        return
    while True:
        start = lines.read + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(name, start, "", f"This row cannot be read: {error}.", 'Close every quote; write " as "".')
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if any(_broken(cell) for cell in cells):
            yield _not_utf8(name, start)
        elif any("\x00" in cell for cell in cells):
            yield _no_text(name, start)
        elif len(cells) != len(header):
            found = f"This row has {len(cells)} values, the header names {len(header)} columns."
            yield Problem(name, start, "", found, "Quote values that hold a comma; give every column a value.")
        else:
            yield Row(start, dict(zip(header, cells, strict=True)))


class _Counted(Iterable[str]):
    """Lines, counted: where a row starts is not what the csv module tells."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line:
            raise StopIteration
        self.read += 1
        return line


def _broken(text: str) -> bool:
    """Whether a text holds what cannot be UTF-8: bytes that were none, or one half of a surrogate pair."""
    return any("\ud800" <= c <= "\udfff" for c in text)


def _no_text(name: str, line: int) -> Problem:
    return Problem(name, line, "", "This line holds a NUL, which no text can.", "Remove it; the file may be damaged.")


def _not_utf8(name: str, line: int) -> Problem:
    return Problem(name, line, "", "This line is not UTF-8.", "Save the file as UTF-8.")
