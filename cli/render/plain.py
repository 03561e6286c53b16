"""Text that somebody else wrote, made harmless before a terminal or a spreadsheet sees it."""

from __future__ import annotations


def one_line(text: str) -> str:
    """The text on one line, without anything that does not print: it can neither repaint a terminal nor forge a line.

    Control characters, escapes, line breaks and the marks that make text show in another order than it is stored
    become blanks.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def lines(text: str) -> str:
    """The same for a text of ours that has several lines: its line breaks stay."""
    return "\n".join(one_line(line) for line in text.split("\n"))
