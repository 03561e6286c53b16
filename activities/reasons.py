"""Why somebody is told, in their language. The journal keeps the English sentence; messages speak to people."""

from __future__ import annotations

import re
from typing import Final

_FRENCH: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"member of (\S+)", r"membre de \1"),
        (
            r"on duty in (\S+) until (\S+) \(weekly rotation\)",
            r"d’astreinte dans \1 jusqu’au \2 (rotation hebdomadaire)",
        ),
        (r"named by the tier", "désigné par le palier"),
        (r"the catch-all", "dernier recours"),
        (r"it was reassigned to them", "le ticket lui a été réattribué"),
        (r"called in by (.+)", r"appelé en renfort par \1"),
        (r"follows the ticket", "suit le ticket"),
        (r"owns the ticket", "responsable du ticket"),
        (r"a test of this contact method", "un essai de ce moyen de vous joindre"),
        (r"next in order", "prochain dans l’ordre"),
        (r"least paged lately \((\d+) pages in 7 days\)", r"le moins appelé ces derniers temps (\1 appels en 7 jours)"),
    )
)


def say_why(why: str, language: str) -> str:
    """The reason in the language of the reader; a part that has no translation stays as it is."""
    if language != "fr":
        return why
    return " ; ".join(_in_french(part) for part in why.split("; "))


def _in_french(part: str) -> str:
    for pattern, sentence in _FRENCH:
        if found := pattern.fullmatch(part):
            return found.expand(sentence)
    return part
