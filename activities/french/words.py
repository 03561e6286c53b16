"""Words and lengths inside sentences."""

from __future__ import annotations

import re
from typing import Final

from activities.french.grammar import Grammar, Kind, Missed

STATUS: Final = {
    "new": "nouveau",
    "triage": "triage",
    "investigating": "en cours d’analyse",
    "mitigating": "en cours de rétablissement",
    "pending": "en attente",
    "snoozed": "en sommeil",
    "resolved": "résolu",
    "closed": "clos",
}
_UNITS: Final = {"w": "sem.", "d": "j", "h": "h", "m": "min", "s": "s"}
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)(bd|w|d|h|m|s)")
_SPELT: Final = re.compile(r"\d+(?:\.\d+)? (?:s|min)")


def say_length(text: str, missed: Missed) -> str:
    """A length: `1h30m` is `1 h 30 min`, `2bd` is `2 jours ouvrés`, `1.5 s` is `1,5 s`."""
    if _SPELT.fullmatch(text):
        return text.replace(".", ",")
    parts = _LENGTH.findall(text)
    if not parts or "".join(count + unit for count, unit in parts) != text.removeprefix("-").replace(" ", ""):
        missed.append(text)
        return text
    sign = "-" if text.startswith("-") else ""
    return sign + " ".join(_count(count, unit) for count, unit in parts)


def _count(count: str, unit: str) -> str:
    if unit == "bd":
        return f"{count} jour ouvré" if count == "1" else f"{count} jours ouvrés"
    return f"{count.replace('.', ',')} {_UNITS[unit]}"


def say_status(text: str, missed: Missed) -> str:
    """A status; the commands take the English word."""
    if text not in STATUS:
        missed.append(text)
    return STATUS.get(text, text)


_CLOCKS: Final = Grammar(
    {
        "first response": "délai de première réponse",
        "update": "délai de mise à jour",
        "resolution": "délai de résolution",
        "clock of <tier>": "délai du palier {tier}",
    }
)


def _threshold(text: str, missed: Missed) -> str:
    if text.endswith("%"):
        return f"{text[:-1].replace('.', ',')} %"
    side = {"-": "avant", "+": "après"}.get(text[:1])
    if side is None:
        missed.append(text)
        return text
    return f"{say_length(text[1:], missed)} {side} l’échéance"


def _thresholds(text: str, missed: Missed) -> str:
    said = [_threshold(each, missed) for each in text.split(" and ")]
    return f"{'seuils franchis' if len(said) > 1 else 'seuil franchi'} ({' et '.join(said)})"


_UNTIL: Final = Grammar({"due <at>": "échéance le {at}", "standing still": "à l’arrêt"})

LENGTH: Final = Kind(r"[^;\n]+?", say_length)
STATUS_KIND: Final = Kind(r"[a-z]+", say_status)
CLOCK: Final = Kind(r"(?:first response|update|resolution|clock of [^:;\s]+)", _CLOCKS.say)
"""What a clock is called."""
THRESHOLD: Final = Kind(r"[-+\d][^;:\n]*?", _threshold)
THRESHOLDS: Final = Kind(r"[-+\d][^;:\n]*?", _thresholds)
"""The names of thresholds that were passed; that of the due itself is a word of its own."""
UNTIL: Final = Kind(r"(?:due \S+|standing still)", _UNTIL.say)
