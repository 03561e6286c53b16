"""What the watch tells the catch-all: tickets that are late, silent or gone, and what else does not work."""

from __future__ import annotations

import re
from typing import Final

from activities.french.grammar import Grammar, Kind, Missed, as_written
from activities.french.words import CLOCK, LENGTH, STATUS_KIND, THRESHOLD, say_length

_ROUND: Final = Grammar(
    {
        "the next of <targets>": "qui vient ensuite parmi {targets}",
        "the least paged of <targets>": "qui a été le moins appelé parmi {targets}",
        "<targets>": "{targets}",
    }
)
_WHOM: Final = {"owner": "le responsable", "tier": "le palier", "followers": "ceux qui suivent le ticket"}


def _whom(text: str, missed: Missed) -> str:  # noqa: ARG001 - the shape of Say
    return " et ".join(_WHOM.get(word, word) for word in text.split(" and "))


DUE: Final = Grammar(
    {
        "it closes": "clôture",
        "<whom>: told of clocks": "délais à annoncer, pour {whom}",
        "clocks are told": "délais à annoncer",
        "it comes back as <status>": "reprise, statut « {status} »",
        "maintenance ends: what is still open is paged": "fin de la maintenance et appel s’il reste ouvert",
        "maintenance ends: clocks run again": "fin de la maintenance et reprise des délais",
        "maintenance ends": "fin de la maintenance",
        "maintenance until <at>: nobody is paged": "maintenance jusqu’au {at}, sans appel",
        "maintenance until <at>: clocks stand still": "maintenance jusqu’au {at}, délais à l’arrêt",
        "its calendars are worked out further": "suite du calcul de ses calendriers",
        "the ladder is climbed again": "nouvelle montée de l’échelle",
        "it climbs to <tier>": "montée au palier {tier}",
        "the ladder is exhausted and starts again from <tier>": "échelle épuisée, reprise au palier {tier}",
        "the catch-all is paged": "appel du dernier recours",
        "it is un-acknowledged and pages again": "prise en charge levée et nouvel appel",
        "<who> is reminded": "rappel à {who}",
        "somebody is on duty: they are paged": "appel de qui prend l’astreinte",
        "somebody has room: they are paged": "appel de qui est de nouveau disponible",
        "round <round> pages <targets>": "appel n° {round} à {targets}",
        "<target> is told by <method>": "{target} à prévenir par {method}",
        "<clock> is missed": "échéance du {clock}",
        "<clock>: <threshold>": "{clock}, seuil : {threshold}",
        "the pages of round <round> have to be out": "messages de l’appel n° {round} à faire partir",
    },
    kinds={
        "clock": CLOCK,
        "status": STATUS_KIND,
        "targets": Kind(r"[^;\n]+?", _ROUND.say),
        "threshold": THRESHOLD,
        "whom": Kind(r"[^;\n]+?", _whom),
    },
)
"""What falls due for a ticket."""

_STEP: Final = Grammar(
    {
        "be opened": "être ouvert",
        "be paged": "être appelé",
        "be acknowledged": "être pris en charge",
        "be closed": "être clos",
    }
)
_SLOW: Final = Grammar(
    {"it took longer than <length>": "cela a duré plus de {length}", "<error:free>": "{error}"},
    kinds={"length": LENGTH},
)
_AGAIN: Final = Grammar(
    {
        "It is started again.": "Il est relancé.",
        "It cannot be started again: <error:free>": "Il ne peut pas être relancé : {error}",
    }
)


_EVERY: Final = re.compile(r"(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)")


def _every(text: str, missed: Missed) -> str:
    if (found := _EVERY.fullmatch(text)) is None:
        missed.append(text)
        return text
    counts = zip(found.groups(), "dhms", strict=True)
    return say_length("".join(f"{int(count)}{unit}" for count, unit in counts if count and int(count)), missed)


_TICKET: Final = Grammar(
    {
        "Ticket <key>": "Le ticket {key}",
        "Workflow <id>, which is no ticket's id,": "Le workflow {id}, dont l’identifiant n’est celui d’aucun ticket,",
    },
    kinds={"id": Kind(r"[^\n]+?", as_written)},
)
"""Who a finding is about."""


def _rest(text: str, missed: Missed) -> str:
    return FOUND.say(text, missed)


FOUND: Final = Grammar(
    {
        "<count> tickets need looking after: <rest>": "{count} tickets demandent qu’on s’en occupe : {rest}",
        "… and <count> more; the stream `<stream>` of the journal has them all.": (
            "… et {count} autres ; le flux `{stream}` du journal les a tous."
        ),
        "escalade doctor": "escalade doctor",
        "<ticket> does not answer: <error:free>": "{ticket} ne répond pas : {error}",
        "<ticket> has no policy <length> after it came: it pages nobody.": (
            "{ticket} n’a toujours pas de politique {length} après son arrivée : il n’appelle personne."
        ),
        "<ticket> is <length> late: <due> was due at <at>Z.": (
            "{ticket} a {length} de retard ; prévu à {at} UTC : {due}."
        ),
        "<ticket> is <status>, and its workflow is gone: nobody looks after it any more.": (
            "{ticket} est « {status} », et son workflow a disparu : plus personne ne s’en occupe."
        ),
        "<count> more open tickets have no workflow in Temporal's index; they were not asked one by one.": (
            "{count} autres tickets ouverts n’ont pas de workflow dans l’index de Temporal ; ils n’ont pas été"
            " interrogés un par un."
        ),
        "The store does not answer: <error> Pages go out; lists, limits of people and the journal wait.": (
            "La base ne répond pas : {error} Les appels partent ; les listes, les limites des personnes et le journal"
            " attendent."
        ),
        "The canary ticket <key> was last seen <length> ago; it is due each <every>.": (
            "Le ticket canari {key} a été vu pour la dernière fois il y a {length} ; rythme prévu : {every}."
        ),
        "The canary ticket <key> could not <step>: <why>": "Le ticket canari {key} n’a pas pu {step} : {why}",
        "The digest of <target> was due at <at> and was not sent. <again>": (
            "Le récapitulatif de {target} devait partir le {at} et n’est pas parti. {again}"
        ),
        "The digest of <target> was told at <at>, and tickets in it have not heard of that. <again>": (
            "Le récapitulatif de {target} est parti le {at}, et des tickets qui y figurent n’en savent rien. {again}"
        ),
    },
    kinds={
        "again": Kind(r"(?s:.+)", _AGAIN.say),
        "due": Kind(r"[^;\n]+?", DUE.say),
        "error": Kind(r"(?s:.+)", as_written),
        "every": Kind(r"[^;\n]+?", _every),
        "length": LENGTH,
        "rest": Kind(r"(?s:.+)", _rest),
        "status": STATUS_KIND,
        "step": Kind(r"[a-z ]+", _STEP.say),
        "ticket": Kind(r"(?:Ticket \S+|Workflow [^\n]+, which is no ticket's id,)", _TICKET.say),
        "why": Kind(r"(?s:.+)", _SLOW.say),
    },
)
"""Findings, and the words around them; what a server said stays as it is."""


def say_found(text: str, missed: Missed) -> str:
    """Line by line: a notice of the watch holds a finding in each."""
    return "\n".join(FOUND.say(line, missed) if line else line for line in text.split("\n"))
