from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from activities.reasons import say_status, say_why
from activities.wording import Letter, Reader, Wording
from escalade.messages.activities import Purpose, TicketBrief
from escalade.people import ContactMethod, Person, Roster, Rotation, Schedule, Team
from escalade.people.resolve import Load, RoundRequest, resolve_round
from escalade.ticket import Severity, Status
from tests.activities.making import NOW, brief

GOLDEN = Path(__file__).parent / "golden"
WHY = "on duty in schedule:payments until 2026-03-09T08:00:00Z (weekly rotation); next in order"
FULL = brief(
    tier_role="first line",
    tier_reason="They run payments.",
    first_action="Look at the dashboard.\nRoll back if in doubt.",
    runbook="https://runbooks.example.org/payments",
    links=["https://graphs.example.org/d/1?a=1&b=2"],
)


def letter(language: str, *, purpose: str = "round", about: TicketBrief = FULL, **more: Any) -> Letter:
    zone = ZoneInfo("Europe/Paris")
    return Letter("m1", Reader("Ana", language, zone), about, WHY, cast(Purpose, purpose), number=7, **more)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ["page", "notice", "test"])
def test_messages_read_as_they_were_approved(language: str, kind: str) -> None:
    purpose = "round" if kind == "page" else kind
    more: dict[str, Any] = (
        {"subject": "Ticket moved", "text": "Ana has it now.\nNothing to do."} if kind == "notice" else {}
    )
    made = Wording().message(letter(language, purpose=purpose, **more))
    shown = f"{made.subject}\n{'=' * 72}\n{made.text}{'=' * 72}\n{made.short}\n{'=' * 72}\n{made.html}"
    golden = GOLDEN / f"{kind}.{language}.txt"
    assert shown == golden.read_text()


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Paris", "2026-03-09 09:00 CET"),
        ("America/Sao_Paulo", "2026-03-09 05:00 UTC-03:00"),
        ("Asia/Kathmandu", "2026-03-09 13:45 UTC+05:45"),
        ("UTC", "2026-03-09 08:00 UTC"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_reason_is_told_on_the_readers_clock(zone: str, said: str, language: str) -> None:
    message = Wording().message(Letter("m1", Reader("Ana", language, ZoneInfo(zone)), FULL, WHY))
    assert said in message.text
    assert "08:00:00Z" not in message.text + (message.html or "")
    assert message.data["why"] == WHY, "programs convert by themselves"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_not_known_leaves_no_hole(language: str) -> None:
    bare = TicketBrief(
        key="abcdefghij", life="l", title="x", severity=Severity.SEV3, status=Status.NEW, opened_at=NOW, tier="one"
    )
    made = Wording().message(Letter("m1", Reader("Ana", language), bare, "named by the tier"))
    assert "None" not in made.text + made.html + made.short + made.subject
    assert "\n\n\n" not in made.text
    assert made.text.splitlines()[-1].strip() == "escalade ticket show abcdefghij"


def test_a_page_says_how_to_acknowledge_and_when_the_ladder_climbs() -> None:
    made = Wording().message(letter("en"))
    assert "escalade ticket ack abcdefghij" in made.text
    assert "by 2026-03-02 10:10 CET, the ticket climbs" in made.text
    assert made.short.startswith("#7 sev1 payments: Card payments fail.")
    assert made.short.endswith("escalade ticket ack abcdefghij")


def test_a_long_title_never_costs_the_short_text_its_command() -> None:
    made = Wording().message(letter("fr", about=brief(title="é" * 1024, service="s" * 128, tier="t" * 64)))
    assert len(made.subject) <= 160
    assert len(made.short) <= 300
    assert made.short.endswith("escalade ticket ack abcdefghij")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_markup_in_a_ticket_stays_text(language: str) -> None:
    evil = brief(
        title="<script>alert(1)</script>{{ 7 * 7 }}",
        description="</blockquote><img src=x onerror=alert(1)>",
        runbook="javascript:alert(1)",
        links=['https://e.org/"onmouseover="alert(1)'],
    )
    made = Wording().message(letter(language, about=evil))
    assert "<script>" not in made.html
    assert "<img" not in made.html
    assert 'href="javascript:' not in made.html
    assert '"onmouseover="' not in made.html
    assert "{{ 7 * 7 }}" in made.text
    assert "49" not in made.text


def test_a_description_is_bounded_and_set_apart_from_what_we_say() -> None:
    made = Wording().message(letter("en", about=brief(description="To acknowledge\n    rm -rf /\n" + "x" * 15000)))
    assert len(made.text) < 4000
    assert "\n    To acknowledge\n" in made.text


def test_the_machine_gets_the_brief_and_the_reason() -> None:
    data = Wording().message(letter("fr", data={"target": "person:ana"})).data
    assert (data["why"], data["target"], data["number"]) == (WHY, "person:ana", 7)
    assert data["ticket"]["acknowledge_by"] == "2026-03-02T09:10:00Z"


@pytest.mark.parametrize(("purpose", "says"), [("catch_all", "last resort"), ("responder", "asked for you")])
def test_a_page_says_when_it_is_no_ordinary_one(purpose: str, says: str) -> None:
    assert says in Wording().message(letter("en", purpose=purpose)).text


def test_a_template_of_the_configuration_goes_first(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "page.subject.j2").write_text("OUR WAY: {{ title }}")
    wording = Wording(tmp_path)
    assert wording.message(letter("en")).subject == "OUR WAY: Card payments fail"
    assert wording.message(letter("fr")).subject.startswith("[sev1]")


@pytest.mark.parametrize("broken", ["{{ nothing_like_it }}", "{% if %}", "{{ ''.__class__.__mro__ }}", "{{ 1 / 0 }}"])
def test_a_broken_template_of_the_configuration_never_silences_a_page(tmp_path: Path, broken: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "page.subject.j2").write_text(broken)
    assert Wording(tmp_path).message(letter("en")).subject.startswith("[sev1]")


def test_every_reason_that_a_round_gives_has_a_french_sentence() -> None:
    ana = Person(methods={"mail": ContactMethod(channel="mail")})
    rotation = Rotation.model_validate({"members": ["ana"], "start": date(2026, 1, 5)})
    roster = Roster(
        people={"ana": ana},
        teams={"t": Team(members=["ana"])},
        schedules={"s": Schedule(zone="Europe/Paris", rotation=rotation)},
    )
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    load = {"person:ana": Load(pages=3, last_paged_at=at - timedelta(days=1))}
    for target in ("person:ana", "team:t", "schedule:s"):
        for how in ("everyone", "one_at_a_time", "fair"):
            request = RoundRequest.model_validate({"targets": [target], "how": how})
            (told,) = resolve_round(roster, request, at=at, load=load).recipients
            english, french = told.why.split("; "), say_why(told.why, "fr").split(" ; ")
            assert len(english) == len(french)
            assert all(one != other for one, other in zip(english, french, strict=True))


@pytest.mark.parametrize(
    ("because", "french"),
    [
        ("daily rotation", "rotation quotidienne"),
        ("rotation of 2 weeks", "rotation de 2 semaines"),
        ("layer nights, rotation front", "couche nights, rotation front"),
        (
            "layer nights, weekly rotation, for ana who is away",
            "couche nights, rotation hebdomadaire, pour ana en congé",
        ),
        ("override o1 by ana, for bob: by bus", "remplacement o1 par ana, pour bob : by bus"),
        ("swap s1, for bob", "échange s1, pour bob"),
        ("weekly rotation, for nia and ned, who are away", "rotation hebdomadaire, pour nia et ned en congé"),
        (
            "daily rotation, for ana who is away, and bob, free on Easter Monday",
            "rotation quotidienne, pour ana en congé, et bob en congé (jour férié : Easter Monday)",
        ),
        ("temporary schedule t1 by ana", "planning temporaire t1 par ana"),
        ("its calendar feed", "son agenda"),
    ],
)
def test_why_it_is_somebodys_duty_is_said_in_french(because: str, french: str) -> None:
    why = f"on duty in schedule:s until 2026-03-09T08:00:00Z ({because}); next in order"
    said = f"d’astreinte dans schedule:s jusqu’au 2026-03-09T08:00:00Z ({french}) ; prochain dans l’ordre"
    missed: list[str] = []
    assert say_why(why, "fr", missed=missed) == said
    assert not missed
    assert say_why(why, "en") == why


def test_a_reason_without_a_translation_is_said_all_the_same() -> None:
    assert say_why("because; named by the tier", "fr") == "because ; désigné par le palier"
    assert say_why("named by the tier", "en") == "named by the tier"


def test_every_status_has_a_french_word() -> None:
    words = {status: say_status(status.value, "fr") for status in Status}
    assert len(set(words.values())) == len(Status)
    assert [status.value for status, word in words.items() if word == status.value] == ["triage"]
    resolved = FULL.model_copy(update={"status": Status.RESOLVED})
    made = Wording().message(letter("fr", purpose="notice", about=resolved, subject="x"))
    assert "Gravité        sev1, résolu, palier primary" in made.text


def test_instants_in_a_message_are_on_the_wall_clock_of_its_reader() -> None:
    said = "first response is missed: 8s of 8s used, due 2026-07-09T08:00:28.869Z"
    made = Wording().message(letter("en", purpose="notice", text=said))
    assert "due 2026-07-09 10:00 CEST" in made.text
    assert "due 2026-07-09 10:00 CEST" in made.short
    assert made.data["why"] == WHY, "programs read instants"
    odd = Wording().message(letter("en", purpose="notice", text="99: 2026-99-09T08:00:28Z, 0001-01-01T00:00:00Zulu"))
    assert "2026-99-09T08:00:28Z, 0001-01-01T00:00:00Zulu" in odd.text
