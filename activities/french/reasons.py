"""Why somebody is told, and why a ticket is where it is."""

from __future__ import annotations

from typing import Final

from activities.french.grammar import KINDS, Grammar, Kind, Missed, as_written
from activities.french.words import CLOCK, LENGTH, THRESHOLDS

_DUTY: Final = Grammar(
    {
        "hourly rotation": "rotation horaire",
        "daily rotation": "rotation quotidienne",
        "weekly rotation": "rotation hebdomadaire",
        "monthly rotation": "rotation mensuelle",
        "custom rotation": "rotation sur mesure",
        "rotation of <step>": "rotation de {step}",
        "rotation <name>": "rotation {name}",
        "layer <name>": "couche {name}",
        "its calendar feed": "son agenda",
        "override <id> by <who>": "remplacement {id} par {who}",
        "override <id>": "remplacement {id}",
        "swap <id> by <who>": "échange {id} par {who}",
        "swap <id>": "échange {id}",
        "temporary schedule <id> by <who>": "planning temporaire {id} par {who}",
        "temporary schedule <id>": "planning temporaire {id}",
    },
    kinds={"id": KINDS[""], "step": Kind(r"\d+ [a-z]+", lambda text, _missed: _step(text))},
)
"""What puts somebody on duty."""
_MISSING: Final = Grammar(
    {
        "<names> who is away": "{names} en congé",
        "<names>, who are away": "{names} en congé",
        "<names>, free on <holiday:free>": "{names} en congé (jour férié : {holiday})",
        "<names>": "{names}",
    },
    kinds={"names": Kind(r"[^;\n]+?", lambda text, _missed: text.replace(" and ", " et "))},
)
"""Whose turn it would be."""
_STEPS: Final = {"minute": "minutes", "hour": "heures", "day": "jours", "week": "semaines", "month": "mois"}


def _step(text: str) -> str:
    count, _, unit = text.partition(" ")
    return f"{count} {_STEPS.get(unit.removesuffix('s'), unit)}"


def _duty(because: str, missed: Missed) -> str:
    """Why it is somebody's duty; the reason a person gave stays as they wrote it."""
    said, colon, reason = because.partition(": ")
    who, instead, missing = said.partition(", for ")
    words = ", ".join(_DUTY.say(part, missed) for part in who.split(", "))
    if instead:
        words += ", pour " + ", et ".join(_MISSING.say(part, missed) for part in missing.split(", and "))
    return f"{words}{' : ' if colon else ''}{reason}"


def _full(text: str, missed: Missed) -> str:
    return _FULL.say(text, missed)


def _rest(text: str, missed: Missed) -> str:
    return WHY.say_parts(text, missed)


_FULL: Final = Grammar(
    {
        "<says>, and everybody here is over": "{says}, et tout le monde ici est à sa limite",
        "had 1 page within <length>": "a déjà eu 1 appel en {length}",
        "had <pages> pages within <length>": "a déjà eu {pages} appels en {length}",
        "had 1 page this night": "a déjà eu 1 appel cette nuit",
        "had <pages> pages this night": "a déjà eu {pages} appels cette nuit",
        "rests after a page": "se repose après un appel",
        "has quiet hours until <at>": "a ses heures calmes jusqu’au {at}",
        "was passed over when this round began": "a été laissé de côté au début de cet appel",
        "is over": "est à sa limite",
        "is told in a digest while <channel> is down": "reçoit un message groupé tant que {channel} est en panne",
    },
    kinds={"length": LENGTH, "says": Kind(r"[^;\n]+?", _full)},
)
"""Why somebody has no room for a page, after `who`."""

_ERRORS: Final = Grammar(
    {
        "<target> by <method>: failed": "{target} par {method} : échec",
        "<target> by <method>: unknown": "{target} par {method} : sans réponse",
        "<target> by <method>: skipped": "{target} par {method} : non envoyé",
        "<target> by <method>: <detail:free>": "{target} par {method} : {detail}",
    }
)
"""What became of deliveries; what a channel or a provider said stays as it is."""

_KINDS: Final = {
    "because": Kind(r".+?", _duty),
    "clock": CLOCK,
    "errors": Kind(r"(?s:.+)", _ERRORS.say),
    "length": LENGTH,
    "rest": Kind(r"(?s:.+)", _rest),
    "says": Kind(r"[^;\n]+?", _full),
    "target": Kind(r"\S+?:\S+", as_written),
    "thresholds": THRESHOLDS,
}

WHY: Final = Grammar(
    {
        # Why somebody is told.
        "member of <team>": "membre de {team}",
        "named by the tier": "désigné par le palier",
        "named when the round began": "désigné au début de cet appel",
        "the catch-all": "dernier recours",
        "it was reassigned to them": "le ticket lui a été réattribué",
        "called in by <who:free>": "appelé en renfort par {who}",
        "follows the ticket": "suit le ticket",
        "is asked by a clock": "un délai du ticket vous pose une question",
        "named by a clock": "un délai du ticket vous désigne",
        "on duty in <schedule>, before or after the change": (
            "d’astreinte dans {schedule}, avant ou après le changement"
        ),
        "on duty in <schedule> until <at> (<because>)": "d’astreinte dans {schedule} jusqu’au {at} ({because})",
        "owner of <schedule>": "responsable de {schedule}",
        "owns the ticket": "responsable du ticket",
        "a test of this contact method": "un essai de ce moyen de vous joindre",
        "you are the catch-all, and tickets are not being looked after": (
            "vous êtes le dernier recours, et des tickets ne sont plus suivis"
        ),
        "next in order": "prochain dans l’ordre",
        "a digest of the tickets that wait for you": "un récapitulatif des tickets qui vous attendent",
        "least paged lately (<pages> pages in 7 days)": (
            "le moins appelé ces derniers temps ({pages} appels en 7 jours)"
        ),
        "everybody here is over, and <severity> pages the least burdened anyway (<pages> pages in 7 days)": (
            "tout le monde ici est à sa limite, et un {severity} appelle malgré tout le moins chargé"
            " ({pages} appels en 7 jours)"
        ),
        "instead of <target>, who <says>; they are <rest>": (
            "à la place de {target}, qui {says} ; initialement : {rest}"
        ),
        # Why a ticket is where it is: limits and clocks.
        "nobody acknowledged within its limit (<severity>)": "pas de prise en charge dans le délai ({severity})",
        "not resolved within its limit (<severity>)": "pas de résolution dans le délai ({severity})",
        "nobody acknowledged within <length> (<severity>)": "pas de prise en charge en {length} ({severity})",
        "not resolved within <length> (<severity>)": "pas de résolution en {length} ({severity})",
        "no sign of work for its time, and <who> had acknowledged": "aucun signe d’activité depuis la prise en charge",
        "no sign of work for <length>, and somebody had acknowledged": (
            "aucun signe d’activité pendant {length} après la prise en charge"
        ),
        "no sign of work for <length>, and <who> had acknowledged": (
            "aucun signe d’activité pendant {length} après la prise en charge par {who}"
        ),
        # What tickets said before, and may have under way.
        "no work for <length> since <who> acknowledged": (
            "aucune activité pendant {length} après la prise en charge par {who}"
        ),
        "<clock> passed breach": "{clock} dépassé",
        "<clock> passed <thresholds>": "{clock} : {thresholds}",
        "<severity> starts at <tier>": "un {severity} commence au palier {tier}",
        # People.
        "escalated by <who>: <reason:free>": "escaladé par {who} : {reason}",
        "returned by <who>: <reason:free>": "renvoyé par {who} : {reason}",
        "reassigned by <who>: <reason:free>": "réattribué par {who} : {reason}",
        "reassigned by <who>": "réattribué par {who}",
        "reopened by <who>: <reason:free>": "rouvert par {who} : {reason}",
        "reopened by <who>": "rouvert par {who}",
        "the same key arrived again from <source:free>": "la même clé est revenue (source : {source})",
        "<ticket> is not open any more": "{ticket} n’est plus ouvert",
        "opened": "ouvert",
        # Nobody was reached.
        "no delivery of round <round> was accepted": "aucun envoi de l’appel n° {round} n’a été accepté",
        "the digest with round <round> reached nobody": (
            "le récapitulatif où figurait l’appel n° {round} n’a joint personne"
        ),
        "nobody remains reached: <target> by <method> failed later (<detail:free>)": (
            "plus personne n’est joint : {target} par {method} a échoué après coup ({detail})"
        ),
        "nobody remains reached: <errors>": "plus personne n’est joint : {errors}",
        "nobody remains reached: ": "plus personne n’est joint",
        "nobody in <tier>, nor in the catch-all: <rest>": "personne au palier {tier}, ni au dernier recours : {rest}",
        "nobody in <tier>: <rest>": "personne au palier {tier} : {rest}",
        "and nobody is coming on duty": "et personne ne prend l’astreinte ensuite",
        "nobody is on duty in <schedule>": "personne n’est d’astreinte dans {schedule}",
        "everybody here has acknowledged": "tout le monde ici a pris en charge",
        "everybody here is over: <target> <says>": "tout le monde ici est à sa limite : {target} {says}",
        "there is nobody behind these targets": "il n’y a personne derrière ces destinataires",
        "the page of this round reaches them": "l’appel en cours les joint déjà",
        "the roster could not be asked: <error:free>": "l’annuaire n’a pas pu être consulté : {error}",
        "not asked any more": "la question ne se posait plus",
        "<target> is not in the roster": "{target} n’est pas dans l’annuaire",
        "<target> has no contact method": "{target} n’a aucun moyen d’être joint",
        "<target> <says>": "{target} {says}",
        # The end of the ladder.
        "the policy says: again from <tier> (<rest>)": "la politique reprend au palier {tier} ({rest})",
        "nobody was reached in this pass; the next begins in <length>": (
            "personne n’a été joint à ce passage ; le suivant commence dans {length}"
        ),
        "the ladder is exhausted (<rest>)": "l’échelle est épuisée ({rest})",
        "the wait after a pass that reached nobody is over": (
            "l’attente après un passage qui n’a joint personne est terminée"
        ),
    },
    kinds=_KINDS,
)
"""Reasons, with semicolons between them."""
