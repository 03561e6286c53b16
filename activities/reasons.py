"""What a message says, in the language of its reader. The journal keeps the English; messages speak to people."""

from __future__ import annotations

from typing import Final, NamedTuple

from activities.french.grammar import Missed
from activities.french.notices import say_notice as _notice_in_french
from activities.french.reasons import WHY
from activities.french.watch import say_found
from activities.french.words import STATUS

_CATCH_ALL: Final = "catch-all"


class Said(NamedTuple):
    """A notice in the language of its reader."""

    subject: str
    text: str


def say_why(why: str, language: str, *, missed: Missed | None = None) -> str:
    """Why somebody is told; a part that has no translation stays as it is.

    Args:
        why: the English reasons, with semicolons between them.
        language: of the reader.
        missed: takes every part that has no translation.
    """
    if language != "fr":
        return why
    return WHY.say_parts(why, [] if missed is None else missed)


def say_status(status: str, language: str) -> str:
    """The status in the language of the reader; the commands take the English word."""
    return STATUS.get(status, status) if language == "fr" else status


def say_tier(tier: str, language: str) -> str:
    """The name of a tier as its policy gives it, or that of the catch-all in the language of the reader."""
    return "dernier recours" if language == "fr" and tier == _CATCH_ALL else tier


def say_notice(
    subject: str, text: str, language: str, *, title: str = "", severity: str = "", missed: Missed | None = None
) -> Said:
    """What a notice says; titles, comments and what has no translation stay as they are.

    Args:
        subject: the English subject.
        text: the English text; what somebody wrote in whatever language.
        language: of the reader.
        title: the ticket's; empty for a notice that is about no ticket.
        severity: the ticket's.
        missed: takes every sentence that has no translation, what people wrote among them.
    """
    if language != "fr":
        return Said(subject, text)
    missed = [] if missed is None else missed
    if not title:
        return Said(say_found(subject, missed), say_found(text, missed))
    return Said(*_notice_in_french(subject, text, title=title, severity=severity, missed=missed))
