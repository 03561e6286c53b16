"""What French readers are told. `tests/engine/conftest.py` listens to all that the engine says in its own tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

import activities
import workflows
from activities.french.grammar import Missed
from activities.french.watch import DUE
from activities.french.words import say_length
from activities.reasons import say_notice, say_why
from activities.wording import Letter, Reader, Wording
from escalade.engine import Tick, decide
from escalade.engine.draft import Draft
from escalade.messages.activities import Purpose
from escalade.people.allocation import Asked, Verdict, allocate
from escalade.people.capacity import Capacity, windows
from escalade.people.resolve import Load, Pressure, Recipient, RoundRequest, recipient_of, resolve_round
from escalade.people.roster import parse_target
from escalade.testing import START, Climb, policy, roster
from escalade.ticket import Severity
from tests.activities.making import brief
from tests.french import Listener

ABOUT = brief()
PARIS = ZoneInfo("Europe/Paris")
DUE_AT = "2026-07-09T08:00:28.869Z"


def told(subject: str, text: str = "", **more: Any) -> Any:
    """A notice as a French reader gets it."""
    purpose = cast(Purpose, more.pop("purpose", "notice"))
    why = more.pop("why", "follows the ticket")
    letter = Letter("m1", Reader("Ana", "fr", PARIS), ABOUT, why, purpose, subject=subject, text=text, **more)
    return Wording().message(letter)


@pytest.mark.parametrize(
    ("ending", "text", "subject", "said"),
    [
        (": resolved", "resolved by ana in primary", " : résolu", "résolu par ana au palier primary"),
        (": resolved", "resolved by ana in catch-all", " : résolu", "résolu par ana au dernier recours"),
        (": resolved", "I restarted it.", " : résolu", "I restarted it."),
        (
            ": now with experts",
            "not resolved within 10s (sev2)",
            " : maintenant chez experts",
            "pas de résolution en 10 s (sev2)",
        ),
        (
            ": now with experts",
            "returned by bruno: too hard; see the notes",
            " : maintenant chez experts",
            "renvoyé par bruno : too hard; see the notes",
        ),
        (
            ": now with catch-all",
            "the ladder is exhausted (nobody acknowledged within 1bd 4h (sev3); first response passed breach)",
            " : maintenant au dernier recours",
            (
                "l’échelle est épuisée"
                " (pas de prise en charge en 1 jour ouvré 4 h (sev3) ; délai de première réponse dépassé)"
            ),
        ),
        (
            ": still on it?",
            f"the acknowledgement expires at {DUE_AT} unless bruno works on it",
            " : toujours dessus ?",
            "la prise en charge expire le 2026-07-09 10:00 CEST si bruno ne travaille pas dessus d’ici là",
        ),
        (
            ": un-acknowledged by david",
            "david gave it up",
            " : prise en charge levée par david",
            "david a rendu le ticket",
        ),
        (": un-acknowledged by david", "my train is late", " : prise en charge levée par david", "my train is late"),
        (": yours now", "ana gave it up", " : à vous maintenant", "ana a rendu le ticket"),
        (": the customer wrote", "resolved by ana in primary", " : le client a écrit", "resolved by ana in primary"),
        (
            ": first response",
            f"first response: 50% passed: 30m of 1h used, due {DUE_AT}\nDo you need help?",
            " : délai de première réponse",
            (
                "délai de première réponse : seuil franchi (50 %) ; 30 min sur 1 h, échéance le 2026-07-09 10:00 CEST"
                "\nDo you need help?"
            ),
        ),
        (
            ": clock of one is missed",
            "clock of one is missed: 1h30m of 1h used, standing still (50% and -10m passed as well)",
            " : délai du palier one dépassé",
            (
                "délai du palier one dépassé : 1 h 30 min sur 1 h, à l’arrêt ;"
                " aussi : seuils franchis (50 % et 10 min avant l’échéance)"
            ),
        ),
        (
            ": clocks",
            (
                f"update: +1h; it was missed before: 2h of 1h used, due {DUE_AT}\n"
                f"resolution: -1bd passed: 8h of 2bd used, due {DUE_AT}"
            ),
            " : plusieurs délais",
            (
                "délai de mise à jour : seuil franchi (1 h après l’échéance) ; il était déjà dépassé : 2 h sur 1 h,"
                " échéance le 2026-07-09 10:00 CEST\n"
                "délai de résolution : seuil franchi (1 jour ouvré avant l’échéance) ;"
                " 8 h sur 2 jours ouvrés, échéance le 2026-07-09 10:00 CEST"
            ),
        ),
        (": something new", "some text", ": something new", "some text"),
    ],
)
def test_a_notice_to_a_french_reader_is_french(ending: str, text: str, subject: str, said: str) -> None:
    made = told(f"{ABOUT.title}{ending}", text)
    assert made.subject == f"{ABOUT.title}{subject}"
    assert made.text.startswith(f"{said}\n\n")
    assert said.split("\n", maxsplit=1)[0][:200] in made.short
    english = say_notice(f"{ABOUT.title}{ending}", text, "en", title=ABOUT.title)
    assert english == (f"{ABOUT.title}{ending}", text)


def test_a_step_that_tells_of_a_tier_says_so_in_french_and_leaves_the_policys_words() -> None:
    subject = f"sev1 {ABOUT.title}: now with two"
    french = f"sev1 {ABOUT.title} : maintenant chez two"
    assert told(subject, subject).text.startswith(f"{french}\n")
    made = told(subject, "opened")
    assert (made.subject, made.text.splitlines()[0]) == (french, "opened")


def test_a_title_and_a_callers_reason_are_nobodys_to_translate() -> None:
    assert told(ABOUT.title).subject == ABOUT.title
    assert told("", "resolved by ana in primary", purpose="responder").text.startswith("resolved by ana in primary\n")


@pytest.mark.parametrize(
    ("why", "french"),
    [
        ("named by a clock", "un délai du ticket vous désigne"),
        ("is asked by a clock", "un délai du ticket vous pose une question"),
        ("on duty in schedule:s until Z (override o1: a; b); next in order", "(remplacement o1 : a; b) ; prochain"),
        ("called in by ana", "appelé en renfort par ana"),
    ],
)
def test_why_somebody_is_told_is_french(why: str, french: str) -> None:
    assert french in say_why(why, "fr")
    assert french in told("", "x", why=why).text


def test_the_catch_all_has_a_french_name() -> None:
    message = Wording().message(Letter("m1", Reader("Ana", "fr"), brief(tier="catch-all"), "the catch-all", "notice"))
    assert "palier dernier recours" in message.text


@pytest.mark.parametrize(
    ("written", "said"),
    [("90s", "90 s"), ("1h30m", "1 h 30 min"), ("1.5s", "1,5 s"), ("1bd", "1 jour ouvré"), ("0.4 s", "0,4 s")],
)
def test_a_length_is_written_the_french_way(written: str, said: str) -> None:
    assert say_length(written, []) == said


@pytest.mark.parametrize(
    "text",
    [
        "nobody in one: person:x is not in the roster; person:y has no contact method; nobody is on duty in schedule:s",
        "nobody in one, nor in the catch-all: nobody is on duty in schedule:s; and nobody is coming on duty",
        "nobody in one: everybody here is over: person:a had 1 page within 1h; person:b rests after a page",
        "nobody remains reached: person:a by mail: it bounced; person:a by sms: failed",
        "nobody remains reached: person:a by mail failed later (mailbox full; try again)",
        "the policy says: again from one (no delivery of round 2 was accepted)",
        "nobody was reached in this pass; the next begins in 1m",
        "no sign of work for 30m, and ana had acknowledged; resolution passed 50%",
        "no work for 30m since ana acknowledged",
        "sev1 starts at two; clock of one passed -10m",
        "nobody in one: the roster could not be asked: no answer",
    ],
)
def test_every_reason_for_a_climb_has_a_french_form(text: str) -> None:
    missed: Missed = []
    say_why(text, "fr", missed=missed)
    assert not missed


@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV3])
@pytest.mark.parametrize("written", [{"limits": [{"pages": 1, "per": "night"}]}, {"rest": {"between": "1h"}}])
def test_why_somebody_stands_in_for_another_has_a_french_form(severity: Severity, written: dict[str, Any]) -> None:
    people = roster("ana", "bob")
    at = START.replace(hour=3)
    says = windows(Capacity.model_validate(written), ZoneInfo("UTC"), at)[0].says(1)
    over = {"person:ana": Verdict("full", says)}

    def who(target: str, why: str) -> Recipient:
        return recipient_of(people, parse_target(target), why)

    request = RoundRequest(targets=["person:ana"], pressure=Pressure(severity=severity))
    for verdicts in ({**over, "person:bob": Verdict("room")}, {**over, "person:bob": over["person:ana"]}):
        asked = Asked(
            severity=severity,
            resolve=lambda asks: resolve_round(people, asks, at=at, load={}),
            stand_ins=lambda _target, _over: ["person:bob"],
            recipient=who,
            verdicts=verdicts,
            load={"person:ana": Load(), "person:bob": Load(pages=2)},
        )
        found = allocate(request, asked)
        if found.force is not None:
            verdicts[found.force[0]] = found.force[1]
            found = allocate(request, asked)
        assert found.resolved is not None
        missed: Missed = []
        for text in [*(one.why for one in found.resolved.recipients), found.resolved.nobody]:
            say_why(text, "fr", missed=missed)
        assert not missed


def test_a_new_sentence_of_the_engine_does_not_pass_unheard() -> None:
    tier = {"name": "one", "page": ["person:ana"], "acknowledge_within": "1h"}
    climb, listener = Climb(policy(tier), roster("ana")), Listener()
    draft = Draft(climb.state, climb.now)
    draft.notify(["person:ana"], "test: yours now", "the moon is full", why="somebody likes you")
    listener.listen(Tick(), draft.done())
    assert listener.unspoken == ["the moon is full", "somebody likes you"]
    assert listener.heard == 1
    listener.listen(Tick(), decide(climb.state, Tick(), climb.now))
    assert len(listener.unspoken) == 2


SAMPLES = {
    "spell(": "1.5 s",
    "status.value": "resolved",
    "answer.what": "it closes",
    "%H:%M:%S": "08:00:28",
    "{name}": "Ticket abc",
    "{every}": "0:10:00",
    "{step}": "be paged",
    "_what(": "The digest of person:ana was told at Z, and tickets in it have not heard of that.",
    "{sentence}": "It is started again.",
    "findings[0].text": "Ticket abc does not answer: no worker",
}
"""What stands in the holes of the watch's sentences."""


def watched() -> Iterator[str]:
    """Every sentence that the watch can tell somebody, with something in its holes."""
    for module, name in ((activities, "watch"), (activities, "canary"), (activities, "overdue"), (workflows, "watch")):
        source = Path(module.__path__[0], f"{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            value = node.value if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) else None
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            # What is returned elsewhere is a part of one of these, or an id.
            if isinstance(node, ast.Return) and name != "overdue":
                continue
            if isinstance(node, ast.Assign) and not (isinstance(target, ast.Name) and target.id in ("text", "subject")):
                continue
            parts = list(ast.walk(value)) if value is not None else []
            formats = [part.format_spec for part in parts if isinstance(part, ast.FormattedValue)]
            for part in parts:
                if isinstance(part, ast.JoinedStr) and part not in formats:
                    yield "".join(_filled(each) for each in part.values).strip()


def _filled(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    written = ast.unparse(ast.JoinedStr([part]))
    return next((sample for hole, sample in SAMPLES.items() if hole in written), "7")


def test_every_sentence_of_the_watch_has_a_french_form() -> None:
    found = [text for text in watched() if not text.startswith("The canary was paged")]  # all is well: nobody is told
    assert len(found) >= 12
    ids = [text.replace("Ticket abc", "Workflow 'outage-42', which is no ticket's id,") for text in found]
    assert len({*found, *ids}) >= len(found) + 3
    for text in (*found, *ids):
        missed: Missed = []
        whole = (
            text if not text.startswith("It ") else f"The digest of person:ana was due at Z and was not sent. {text}"
        )
        whole = f"{whole} It is started again." if whole.endswith((" sent.", " that.")) else whole
        say_notice(whole, whole, "fr", missed=missed)
        assert not missed


def test_the_watch_speaks_french_on_its_readers_clock() -> None:
    late = "Ticket abc is 40.0 s late: round 2 pages person:ana was due at 08:00:28Z."
    gone = f"The digest of person:ana was due at {DUE_AT} and was not sent. It is started again."
    made = told(f"2 tickets need looking after: {gone}", f"{late}\n{gone}\n\nescalade doctor", form="duty")
    assert made.subject == (
        "2 tickets demandent qu’on s’en occupe :"
        " Le récapitulatif de person:ana devait partir le 2026-07-09 10:00 CEST et n’est pas parti. Il est relancé."
    )
    assert made.text.startswith(
        "Le ticket abc a 40,0 s de retard ; prévu à 08:00:28 UTC : appel n° 2 à person:ana.\n"
        "Le récapitulatif de person:ana devait partir le 2026-07-09 10:00 CEST et n’est pas parti. Il est relancé.\n"
        "\nescalade doctor\n"
    )


@pytest.mark.parametrize(("every", "said"), [("0:10:00", "10 min"), ("1 day, 1:00:00", "1 j 1 h")])
def test_the_rhythm_of_the_canary_is_a_length(every: str, said: str) -> None:
    text = f"The canary ticket abc was last seen 30 min ago; it is due each {every}."
    french = f"Le ticket canari abc a été vu pour la dernière fois il y a 30 min ; rythme prévu : {said}."
    assert say_notice(text, text, "fr").subject == french


def test_what_falls_due_for_a_clock_that_waits_for_the_opening_is_french() -> None:
    missed: Missed = []
    assert DUE.say("owner and followers: told of clocks", missed) == (
        "délais à annoncer, pour le responsable et ceux qui suivent le ticket"
    )
    assert not missed
