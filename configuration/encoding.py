"""Text that came in another encoding than UTF-8, told by its name: as such it looks like damage in every line."""

from __future__ import annotations

import re
from typing import Final

CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no editor shows, and no text needs."""

_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_LOOKED_AT: Final = 4096


def foreign(raw: bytes) -> str | None:
    """The name of the encoding when it is one of those that take several bytes for each letter."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name
    beginning = raw[:_LOOKED_AT]
    none = beginning.count(0) / max(len(beginning), 1)
    if none > 0.6:
        return "UTF-32" if len(beginning) >= 4 else None
    # Latin letters have every other byte empty, and always the same ones.
    sides = {n % 2 for n, byte in enumerate(beginning) if not byte}
    return "UTF-16" if none > 0.3 and len(sides) == 1 else None


def name_of(character: str) -> str:
    """How a character that cannot be shown is called: `NUL`, `U+0007`."""
    return "NUL" if character == "\x00" else f"U+{ord(character):04X}"
