"""Text from tickets, made safe to put into messages: anybody may have written it."""

from __future__ import annotations

import unicodedata
from typing import Final

_DROPPED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of surrogate pairs, line and paragraph separators."""

_REORDERING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make text show in another order than it is stored: good for disguising links, needed by no title."""


def one_line(text: str, limit: int) -> str:
    """The text on one line, bounded: nothing of it can start a header or another line."""
    # Nothing that is printable is dropped, and nearly every text is.
    kept = text if text.isprintable() else "".join(" " if _is_dropped(c) else c for c in text if c not in _REORDERING)
    return _bounded(" ".join(kept.split()), limit)


def lines(text: str, limit: int) -> str:
    """The text with its line breaks and tabs and no other control characters, bounded."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in unified if c in "\n\t" or not (_is_dropped(c) or c in _REORDERING))
    return _bounded(kept.strip(), limit)


def web_link(text: str) -> str:
    """The text when it is a plain http or https link, else nothing: `javascript:` and its kin are never linked."""
    line = one_line(text, 2048)
    return line if line.startswith(("https://", "http://")) and " " not in line else ""


def _is_dropped(character: str) -> bool:
    return unicodedata.category(character) in _DROPPED


def _bounded(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
