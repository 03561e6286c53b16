"""Why somebody is told, in their language. The journal keeps the English sentence; messages speak to people."""

from __future__ import annotations

import re
from typing import Final

_FRENCH: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"member of (\S+)", r"membre de \1"),
        (r"named by the tier", "désigné par le palier"),
        (r"the catch-all", "dernier recours"),
        (r"it was reassigned to them", "le ticket lui a été réattribué"),
        (r"called in by (.+)", r"appelé en renfort par \1"),
        (r"follows the ticket", "suit le ticket"),
        (r"on duty in (\S+), before or after the change", r"d’astreinte dans \1, avant ou après le changement"),
        (r"owner of (\S+)", r"responsable de \1"),
        (r"owns the ticket", "responsable du ticket"),
        (r"a test of this contact method", "un essai de ce moyen de vous joindre"),
        (
            r"you are the catch-all, and tickets are not being looked after",
            "vous êtes le dernier recours, et des tickets ne sont plus suivis",
        ),
        (r"next in order", "prochain dans l’ordre"),
        (r"a digest of the tickets that wait for you", "un récapitulatif des tickets qui vous attendent"),
        (r"least paged lately \((\d+) pages in 7 days\)", r"le moins appelé ces derniers temps (\1 appels en 7 jours)"),
    )
)


def say_why(why: str, language: str) -> str:
    """The reason in the language of the reader; a part that has no translation stays as it is."""
    if language != "fr":
        return why
    return " ; ".join(_in_french(part) for part in why.split("; "))


_ON_DUTY: Final = re.compile(r"on duty in (\S+) until (\S+) \((.+)\)")
_DUTY: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"\bhourly rotation\b", "rotation horaire"),
        (r"\bdaily rotation\b", "rotation quotidienne"),
        (r"\bweekly rotation\b", "rotation hebdomadaire"),
        (r"\bmonthly rotation\b", "rotation mensuelle"),
        (r"\bcustom rotation\b", "rotation sur mesure"),
        (r"\brotation of (\d+) minutes?", r"rotation de \1 minutes"),
        (r"\brotation of (\d+) hours?", r"rotation de \1 heures"),
        (r"\brotation of (\d+) days?", r"rotation de \1 jours"),
        (r"\brotation of (\d+) weeks?", r"rotation de \1 semaines"),
        (r"\brotation of (\d+) months?", r"rotation de \1 mois"),
        (r"^layer (\S+), ", r"couche \1, "),
        (r"^its calendar feed", "son agenda"),
        (r"^override (\S+)", r"remplacement \1"),
        (r"^swap (\S+)", r"échange \1"),
        (r"^temporary schedule (\S+)", r"planning temporaire \1"),
        (r" by (\S+?)(?=[,:]|$)", r" par \1"),
        (r", for (\S.*) who is away", r", pour \1 en congé"),
        (r", for (\S+?)(?=:|$)", r", pour \1"),
    )
)
"""Why it is somebody's duty, phrase by phrase; the reason a person gave stays as they wrote it."""


def _duty_in_french(because: str) -> str:
    said, colon, reason = because.partition(": ")
    for pattern, phrase in _DUTY:
        said = pattern.sub(phrase, said)
    return f"{said}{' : ' if colon else ''}{reason}"


def _in_french(part: str) -> str:
    if duty := _ON_DUTY.fullmatch(part):
        return f"d’astreinte dans {duty[1]} jusqu’au {duty[2]} ({_duty_in_french(duty[3])})"
    for pattern, sentence in _FRENCH:
        if found := pattern.fullmatch(part):
            return found.expand(sentence)
    return part


_STATUS: Final = {
    "new": "nouveau",
    "triage": "triage",
    "investigating": "en cours d’analyse",
    "mitigating": "en cours de rétablissement",
    "pending": "en attente",
    "snoozed": "en sommeil",
    "resolved": "résolu",
    "closed": "clos",
}
_AFTER_TITLE: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r": resolved", " : résolu"),
        (r": now with (.+)", r" : maintenant chez \1"),
        (r": still on it\?", " : toujours dessus ?"),
    )
)
"""What a notice says behind the title of its ticket."""


def say_status(status: str, language: str) -> str:
    """The status in the language of the reader; the commands take the English word."""
    return _STATUS.get(status, status) if language == "fr" else status


def say_subject(subject: str, title: str, language: str) -> str:
    """The subject of a notice in the language of the reader; one that has no translation stays as it is."""
    if language != "fr" or not subject.startswith(title):
        return subject
    rest = subject[len(title) :]
    for pattern, sentence in _AFTER_TITLE:
        if found := pattern.fullmatch(rest):
            return f"{title}{found.expand(sentence)}"
    return subject
