"""One YAML file as plain values that remember their lines.

Read from parser events, not by a constructor: nothing in a file can name a Python type, keys are always text,
and size, depth and aliases are bounded before anything is built from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from configuration.encoding import CONTROL, foreign, name_of
from escalade.errors import Problem

KeyPath = tuple[str | int, ...]
"""Where a value is: the keys and list positions that lead to it."""

LARGEST_FILE: Final = 1024 * 1024
DEEPEST: Final = 32
MOST_VALUES: Final = 50_000
"""Values of one file after its aliases are written out."""

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_TEXT_TAGS: Final = ("!", "tag:yaml.org,2002:str")
_LONGEST_NUMBER: Final = 30


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read: its values, and the line of each."""

    file: str
    data: Any
    lines: Mapping[KeyPath, int] = field(repr=False)

    def line(self, path: KeyPath) -> int:
        """The line of a value, or of the nearest thing around it that is written."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def at(self, path: KeyPath) -> Any:
        """The value at a path; None when there is none."""
        value = self.data
        for key in path:
            if not has_key(value, key):
                return None
            value = value[key]
        return value

    def field(self, path: KeyPath) -> str:
        """A path as people read it: list items by their `name` or `use` where they have one, else from 1."""
        out = ""
        for n, key in enumerate(path):
            if isinstance(key, int):
                item = self.at(path[: n + 1])
                named = (item.get("name") or item.get("use")) if isinstance(item, dict) else None
                out += f"[{named if isinstance(named, str) else key + 1}]"
            else:
                out += f".{key}" if out else key
        return out

    def problem(self, path: KeyPath, found: str, mend: str, *, level: str = "error") -> Problem:
        """Something wrong at a path of this file."""
        return Problem(self.file, self.line(path), self.field(path), found, mend, level)

    def texts(self) -> Iterator[tuple[KeyPath, str]]:
        """Every text value and where it is."""
        for path in self.lines:
            value = self.at(path)
            if isinstance(value, str):
                yield path, value


def has_key(value: Any, key: str | int) -> bool:
    """Whether a mapping has this key, or a list this position."""
    if isinstance(value, list):
        return isinstance(key, int) and 0 <= key < len(value)
    return isinstance(value, dict) and key in value


def read_document(file: str, raw: bytes) -> tuple[Document | None, list[Problem]]:
    """Read one YAML file.

    Args:
        file: what to call it in problems.
        raw: its bytes.

    Returns:
        The document, or None when nothing could be made of it, and everything that is wrong with it as YAML.
    """
    if len(raw) > LARGEST_FILE:
        return None, [Problem(file, 0, "", f"The file is larger than {LARGEST_FILE} bytes.", "Split it.")]
    if (name := foreign(raw)) is not None:
        return None, [Problem(file, 0, "", f"This is {name} text, not UTF-8.", "Save the file as UTF-8.")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return None, [Problem(file, line, "", "This is not UTF-8 text.", "Save the file as UTF-8.")]
    reader = _Reader(file)
    try:
        root = reader.read(text)
        lines: dict[KeyPath, int] = {}
        data = _write_out(root, (), lines)
    except _RefusedError as refused:
        return None, [*reader.problems, Problem(file, refused.line, "", refused.found, refused.mend)]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "it does not parse").split())
        found, mend = f"This is not YAML: {what}.", "Check indentation, colons and quotes here and just above."
        if mark and any("${" in line for line in text.split("\n")[mark.line : mark.line + 1]):
            mend = 'Inside { } and [ ] a reference needs quotes: "${NAME}".'
        return None, [*reader.problems, Problem(file, mark.line + 1 if mark else 0, "", found, mend)]
    except (
        YAMLError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        TypeError,
        AssertionError,
        RecursionError,
    ):
        # The parser has no complete list of what it raises on damaged text; a damaged file is the writer's to mend.
        if bad := CONTROL.search(text):
            line = text.count("\n", 0, bad.start()) + 1
            found = f"This line holds a character that cannot be printed ({name_of(bad[0])})."
            return None, [*reader.problems, Problem(file, line, "", found, "Remove it.")]
        found, mend = "This is not YAML.", "Remove characters that cannot be printed; check quotes and escapes."
        return None, [*reader.problems, Problem(file, 0, "", found, mend)]
    return Document(file, data, lines), reader.problems


@dataclass(slots=True)
class _Node:
    line: int
    value: str | int | float | bool | list[_Node] | dict[str, tuple[int, _Node]] | None


class _RefusedError(Exception):
    def __init__(self, line: int, found: str, mend: str) -> None:
        super().__init__(found)
        self.line, self.found, self.mend = line, found, mend


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._anchors: dict[str, _Node] = {}
        self._events: Iterator[Event] = iter(())

    def read(self, text: str) -> _Node:
        self._events = iter(YAML(typ="safe", pure=True).parse(text))
        root: _Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                raise _RefusedError(_line(event), "A second document begins here.", "One file is one document.")
            if isinstance(event, AliasEvent | ScalarEvent | MappingStartEvent | SequenceStartEvent):
                root = self._node(event, 0)
        if root is None or root.value is None:
            raise _RefusedError(0, "The file is empty.", "Fill it in, or delete it if it is not needed.")
        return root

    def _node(self, event: Event, depth: int) -> _Node:
        line = _line(event)
        if depth > DEEPEST:
            raise _RefusedError(line, f"This is nested deeper than {DEEPEST} levels.", "Nothing here needs that.")
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                mend = "Define it above with &, outside itself."
                raise _RefusedError(line, f"The alias *{event.anchor} is not defined before this line.", mend)
            return self._anchors[event.anchor]
        written = getattr(event, "tag", None)
        tag = str(written) if written else None
        if isinstance(event, MappingStartEvent):
            node = _Node(line, self._mapping(depth))
        elif isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(item := next(self._events), SequenceEndEvent):
                items.append(self._node(item, depth + 1))
            node = _Node(line, items)
        else:
            node = _Node(line, self._scalar(event, tag))
        if tag and (tag not in _TEXT_TAGS or not isinstance(event, ScalarEvent)):
            self._wrong(line, f"The tag {tag[:60]} is not read.", "Remove it; quotes make a text.")
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _mapping(self, depth: int) -> dict[str, tuple[int, _Node]]:
        found: dict[str, tuple[int, _Node]] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            line = _line(event)
            key = event.value if isinstance(event, ScalarEvent) else None
            if key is None:
                self._node(event, depth + 1)
                self._wrong(
                    line, "A key here is not a plain text.", "Write `key: value`; quote { } [ ] and * in texts."
                )
            value = self._node(next(self._events), depth + 1)
            if key is None:
                continue
            if key == "<<":
                self._wrong(line, "Merge keys (<<) are not read.", "Write the keys out.")
            elif _UNPRINTABLE.search(key):
                self._wrong(line, "A key holds characters that cannot be printed.", "Remove them.")
            elif key in found:
                first = found[key][0]
                self._wrong(
                    line, f"The key {key[:60]!r} is written twice (first in line {first}).", "Keep one of them."
                )
            else:
                found[key] = (line, value)
        return found

    def _scalar(self, event: Event, tag: str | None) -> str | int | float | bool | None:
        assert isinstance(event, ScalarEvent)
        text = event.value
        if _UNPRINTABLE.search(text):
            self._wrong(_line(event), "This text holds characters that cannot be printed.", "Remove them.")
            return "?"
        if tag in _TEXT_TAGS or event.style not in (None, ""):
            return str(text)
        return self._plain(text, _line(event))

    def _plain(self, text: str, line: int) -> str | int | float | bool | None:
        """The YAML 1.2 core schema: `yes`, `on`, `09:00` and `2026-01-05` are texts, and no zero means octal."""
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return _TRUE.fullmatch(text) is not None
        if not (_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)):
            return str(text)
        if len(text) > _LONGEST_NUMBER:
            self._wrong(line, "This number is too long.", "Put it in quotes if it is a text.")
            return 0
        if _INTEGER.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        return float(text)

    def _wrong(self, line: int, found: str, mend: str) -> None:
        self.problems.append(Problem(self.file, line, "", found, mend))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _write_out(node: _Node, path: KeyPath, lines: dict[KeyPath, int]) -> Any:
    """Plain values, aliases written out; the lines are noted on the way, which also bounds how much there can be."""
    lines.setdefault(path, node.line)
    if len(lines) > MOST_VALUES:
        raise _RefusedError(node.line, f"With its aliases written out the file has more than {MOST_VALUES} values.", "")
    match node.value:
        case dict(entries):
            out = {}
            for key, (line, value) in entries.items():
                lines[*path, key] = line
                out[key] = _write_out(value, (*path, key), lines)
            return out
        case list(items):
            return [_write_out(item, (*path, n), lines) for n, item in enumerate(items)]
        case plain:
            return plain


class Redactor:
    """Keeps secrets out of what is printed: every value taken from the environment is shown by its name."""

    def __init__(self) -> None:
        self._shown_as: dict[str, str] = {}

    def hide(self, value: str, shown_as: str) -> Self:
        """Show this value as something else from now on."""
        if value:
            self._shown_as[value] = shown_as
        return self

    def clean(self, text: str) -> str:
        """The text without any hidden value, written plainly or escaped."""
        for value, shown_as in sorted(self._shown_as.items(), key=lambda pair: -len(pair[0])):
            for form in (value, repr(value)[1:-1]):
                text = text.replace(form, shown_as)
        return text
