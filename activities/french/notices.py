"""Notices: what they say behind the title of their ticket, and below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from activities.french.grammar import Grammar, Missed, Say, as_written
from activities.french.reasons import WHY
from activities.french.words import CLOCK, LENGTH, THRESHOLDS, UNTIL

_RESOLVED: Final = Grammar(
    {
        "resolved by <who> in no tier": "résolu par {who}, hors de tout palier",
        "resolved by <who> in catch-all": "résolu par {who} au dernier recours",
        "resolved by <who> in <tier:id>": "résolu par {who} au palier {tier}",
    }
)
_GIVEN_UP: Final = Grammar(
    {
        "<who:id> gave it up": "{who} a rendu le ticket",
        "the roster knows nobody called <who>: whoever acknowledged may have misspelled a name": (
            "l’annuaire ne connaît personne du nom de {who} : qui a pris en charge a peut-être mal écrit un nom"
        ),
    }
)
_REMINDED: Final = Grammar(
    {
        "the acknowledgement expires at <at> unless <who> works on it": (
            "la prise en charge expire le {at} si {who} ne travaille pas dessus d’ici là"
        )
    }
)
_PASSED: Final = Grammar(
    {
        "<clock> is missed: <used:length> of <budget:length> used, <until> (<thresholds> passed as well)": (
            "{clock} dépassé : {used} sur {budget}, {until} ; aussi : {thresholds}"
        ),
        "<clock> is missed: <used:length> of <budget:length> used, <until>": (
            "{clock} dépassé : {used} sur {budget}, {until}"
        ),
        "<clock>: <thresholds>; it was missed before: <used:length> of <budget:length> used, <until>": (
            "{clock} : {thresholds} ; il était déjà dépassé : {used} sur {budget}, {until}"
        ),
        "<clock>: <thresholds> passed: <used:length> of <budget:length> used, <until>": (
            "{clock} : {thresholds} ; {used} sur {budget}, {until}"
        ),
    },
    kinds={"clock": CLOCK, "length": LENGTH, "thresholds": THRESHOLDS, "until": UNTIL},
)


def _by_line(say: Say) -> Say:
    return lambda text, missed: "\n".join(say(line, missed) for line in text.split("\n"))


_FORMS: Final[tuple[tuple[Grammar, Say], ...]] = tuple(
    (Grammar(endings, kinds={"clock": CLOCK}), say)
    for endings, say in (
        ({": resolved": " : résolu"}, _RESOLVED.say),
        (
            {
                ": now with catch-all": " : maintenant au dernier recours",
                ": now with <tier>": " : maintenant chez {tier}",
            },
            WHY.say_parts,
        ),
        ({": still on it?": " : toujours dessus ?"}, _REMINDED.say),
        ({": un-acknowledged by <who>": " : prise en charge levée par {who}"}, _GIVEN_UP.say),
        ({": yours now": " : à vous maintenant"}, _GIVEN_UP.say),
        ({": the customer wrote": " : le client a écrit"}, as_written),
        (
            {
                ": <clock> is missed": " : {clock} dépassé",
                ": <clock>": " : {clock}",
                ": clocks": " : plusieurs délais",
            },
            _by_line(_PASSED.say),
        ),
    )
)
"""Each with the endings of its subject, and how its text is said; what somebody wrote instead stays as it is."""


def say_notice(subject: str, text: str, *, title: str, severity: str, missed: Missed) -> tuple[str, str]:
    """A notice about a ticket: its subject and its text.

    Args:
        subject: the title of the ticket and an ending, or what a step of somebody else's says.
        text: sentences of the engine, or what somebody wrote.
        title: the ticket's, which stays as it is.
        severity: the ticket's; a step says it before the title.
        missed: takes what has no French form.
    """
    by_step = f"{severity} {title}"
    start = next((each for each in (title, by_step) if subject.startswith(f"{each}:")), "")
    for endings, say in _FORMS if start else ():
        if (found := endings.whole(subject[len(start) :])) is not None:
            said = f"{start}{found[0]}"
            # What a policy lets a step say is its author's.
            return said, _text(text, subject, said, say if start == title else as_written, missed)
    if subject:
        missed.append(subject)
    return subject, text


def _text(text: str, subject: str, said: str, say: Callable[[str, Missed], str], missed: Missed) -> str:
    return said if text == subject else say(text, missed) if text else text
