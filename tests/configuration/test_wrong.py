"""Wrong configurations, each with the exact words its writer gets: they are in `wrong.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.configuration.making import GOOD, changed, told, write

WRONG: dict[str, dict[str, str]] = {
    "an unknown key is told with the one that was meant": changed(
        "policies/desk.yaml", ("    resolve_within: 1h", "    resolve_whithin: 1h")
    ),
    "a missing key": changed("escalade.yaml", ("default_policy: desk\n", "")),
    "a duration without a unit": changed("policies/desk.yaml", ("sev1: 5m", "sev1: 5")),
    "business days have no calendar yet": changed("policies/desk.yaml", ("resolve_within: 4h", "resolve_within: 2bd")),
    "a severity that is none": changed("policies/desk.yaml", ("{sev1: 5m, default: 15m}", "{sev0: 5m, default: 15m}")),
    "a limit for some severities only": changed("policies/desk.yaml", ("{sev1: 5m, default: 15m}", "{sev1: 5m}")),
    "a tier that would page once and go silent": changed(
        "policies/desk.yaml", ("acknowledge_within: 30m", "acknowledge_within: never")
    ),
    "a target without a kind": changed("policies/desk.yaml", ("[schedule:duty]", "[duty]")),
    "a target that is nobody": changed("policies/desk.yaml", ("[schedule:duty]", "[schedule:duty, person:anna]")),
    "a place that is not there": changed("policies/desk.yaml", ("channel:room", "channel:rom")),
    "again from a tier that is not there": changed("policies/desk.yaml", ("from: second", "from: third")),
    "again so many times": changed("policies/desk.yaml", ("times: 2", "times: often")),
    "a step that is not installed": changed("policies/desk.yaml", ("use: notify", "use: notfy")),
    "a step without what it needs": changed(
        "policies/desk.yaml", ("{text: It is serious, after: 5m}", "{after: soon, txt: It is serious}")
    ),
    "a status that is none": changed("policies/desk.yaml", ("again:", "status_names: {pendng: waiting}\nagain:")),
    "a policy that is not there": changed("escalade.yaml", ("default_policy: desk", "default_policy: dessk")),
    "two policies of one name": {**GOOD, "policies/other.yaml": GOOD["policies/desk.yaml"]},
    "two schedules of one name": {**GOOD, "schedules/other.yaml": GOOD["schedules/duty.yaml"]},
    "a catch-all that is not there": changed("escalade.yaml", ("team:managers", "[team:managers, person:carl]")),
    "a catch-all that reaches nobody": {
        **changed("escalade.yaml", ("team:managers", "person:bob")),
        "people.yaml": GOOD["people.yaml"].replace(
            "  bob:\n    methods:\n      screen: {channel: screen}\n", "  bob: {name: Bob}\n"
        ),
    },
    "a login that is nobody's": changed("escalade.yaml", ("login: ana", "login: anna")),
    "a login of two people": changed("people.yaml", ("  bob:\n", "  bob:\n    logins: [Ana@Example.com]\n")),
    "a login that is somebody's id": changed("people.yaml", ("logins: [ana@example.com]", "logins: [bob]")),
    "a kind of channel that is not installed": changed("escalade.yaml", ("use: smtp", "use: smpt")),
    "a setting that the channel does not have": changed("escalade.yaml", ("    host:", "    hots: x\n    host:")),
    "a setting of the wrong kind": changed(
        "escalade.yaml", ("    host: mail.example", "    host: [mail.example]\n    port: many")
    ),
    "a secret written in full": changed("escalade.yaml", ("${MAIL_PASSWORD}", "hunter2")),
    "a secret in full in a list": changed(
        "escalade.yaml", ("    password:", '    more_passwords: ["${MAIL_PASSWORD}", letmein]\n    password:')
    ),
    "a variable that is not set": changed("escalade.yaml", ("${MAIL_PASSWORD}", "${MAIL_PASWORD}")),
    "a reference that is none": changed("escalade.yaml", ("${MAIL_PASSWORD}", "${MAIL_PASSWORD:-none}")),
    "a reference where none is read": changed(
        "policies/desk.yaml", ("policy: desk", "policy: desk\ntitle: ${MAIL_PASSWORD}")
    ),
    "a channel that is not configured": changed(
        "people.yaml", ("mail: {channel: mail, address: ana@", "mail: {channel: mial, address: ana@")
    ),
    "an address that the channel does not take": changed("people.yaml", ("help@acme.example", "acme")),
    "a rule that uses no method": changed("people.yaml", ("- {use: mail, after: 5m}", "- {use: phone, after: 5m}")),
    "no rule at once": changed("people.yaml", ("      - use: screen\n", "")),
    "an id with capitals": changed("people.yaml", ("  bob:\n", "  Bob:\n")),
    "a member who is nobody": changed("people.yaml", ("members: [bob]", "members: [bob, carl, bob]")),
    "a time zone that is none": changed("schedules/duty.yaml", ("Europe/Paris", "Paris")),
    "a handoff that is none": changed("schedules/duty.yaml", ("monday 09:00", "mondays 9h")),
    "a handoff in seconds": changed("schedules/duty.yaml", ("monday 09:00", "{weekday: monday, at: 9}")),
    "somebody on duty who is nobody": changed("schedules/duty.yaml", ("[ana, bob]", "[ana, bobb]")),
    "a day that is none": changed("schedules/duty.yaml", ("2026-01-05", "2026-02-30")),
    "a key written twice": changed(
        "schedules/duty.yaml", ("zone: Europe/Paris", "zone: Europe/Paris\nzone: Europe/Rome")
    ),
    "a list where a mapping belongs": {**GOOD, "people.yaml": "- ana\n- bob\n"},
    "a file that is no YAML": changed("people.yaml", ("    name: Ana", "    name: Ana: Ribeiro")),
    "an empty file": {**GOOD, "policies/empty.yaml": "# nothing yet\n"},
    "a missing file": {k: v for k, v in GOOD.items() if k != "people.yaml"},
    "no policy": {k: v for k, v in GOOD.items() if k != "policies/desk.yaml"},
    "a file that nothing reads": {**GOOD, "policy.yaml": "a: 1\n", "policies/b.yml": "a: 1\n", "notes.txt": "x"},
    "a calendar with everything wrong": {
        **GOOD,
        "calendars/paris.yaml": """\
calendar: paris
zone: Europe/Pariss
hours:
  monday-frday: 09:00-17:00
  saturday: 9 to noon
  sunday: 25:00-26:00
breaks:
  - {every: monday, on: 2026-05-01, hours: 12:00-13:00}
  - {hours: 12:00-12:00}
holidays:
  - 2026-02-30
  - {name: Summer, from: 2026-08-01}
  - {from: 2026-08-31, to: 2026-08-01}
  - {subdivision: BY, on: 05-01}
opening: []
""",
    },
    "a calendar that names a day twice": {
        **GOOD,
        "calendars/paris.yaml": "calendar: paris\nzone: UTC\nhours: {every day: 09:00-17:00, sunday: closed}\n",
    },
    "a calendar that is never open": {
        **GOOD,
        "calendars/paris.yaml": "calendar: paris\nzone: UTC\nhours: {}\n",
        "calendars/other.yaml": "calendar: other\nzone: UTC\nhours: {every day: 00-24}\nholidays: [01-01/12-31]\n",
    },
    "a calendar of places and holidays that are not known": {
        **GOOD,
        "calendars/paris.yaml": """\
calendar: paris
zone: UTC
hours: {every day: 09:00-17:00}
holidays:
  - country: FX
  - country: France
  - {country: FR, subdivision: Bayern}
  - {country: FR, except: [05-08, 05-09, Noel]}
""",
    },
    "two calendars of one name": {
        **GOOD,
        "calendars/a.yaml": "calendar: paris\nzone: UTC\nhours: {every day: 09:00-17:00}\n",
        "calendars/b.yaml": "calendar: paris\nzone: UTC\nhours: {every day: 09:00-17:00}\n",
    },
    "a calendar that is called like the one around the clock": {
        **GOOD,
        "calendars/a.yaml": "calendar: always\nzone: UTC\nhours: {every day: 09:00-17:00}\n",
    },
    "a calendar with ten mistakes at once": {
        **GOOD,
        "calendars/paris.yaml": """\
calendar: paris
zone: UTC
colour: red
hours: {every day: 09:00-17:00}
holidays:
  - country: FX
  - {country: FR, subdivision: Bayern}
  - {country: FR, except: [Noel]}
  - {country: 7}
  - {country: FR, subdivision: [57]}
  - {from: 2026-08-31, to: 2026-08-01, nmae: x}
  - {country: FR, on: 05-01, name: 7}
  - country:
  - 7
  - "2026-12-24/"
  - 2026-12-24/2026-13-01
breaks:
  - {every: moonday, hours: 12:00-13:00}
  - {every: monday, on: 05-01, hours: nope}
openings:
  - {on: [], hours: []}
  - {on: 2026-05-01}
  - {on: 2026-05-01, hours: closed}
  - {on: 2026-05-01, hours: 9, besides: maybe}
""",
    },
    "a calendar whose hours are all wrong": {
        **GOOD,
        "calendars/paris.yaml": """\
calendar: 7
name: [a]
zone: 3
hours:
  monday: [09:00-12:00, 13]
  tuesday: {a: b}
  wednesday: 09:00-12:00, 11:00
  7: 09:00
  thursday, monday: 09:00-10:00
  fri: 9.5
  sat: true
""",
    },
    "a calendar of the wrong shapes": {
        **GOOD,
        "calendars/paris.yaml": """\
calendar: Paris Office
zone: ""
hours: 09:00-17:00
holidays: {country: FR}
breaks: noon
openings: {on: 05-01}
""",
    },
    "a policy with ten mistakes at once": changed(
        "policies/desk.yaml",
        ("acknowledge_within: 30m", "acknowledge_within: 2bd"),
        ("resolve_within: 1h", "resolve_within: 2bd\n    calendar: nights\n    clock: {target: 1mo}"),
        (
            "again:",
            """\
calendar: days
wake: sev9
deliver_within: 5h
clocks:
  on_reopen: redo
  first_response:
    calendar: nope
    target: {sev0: 1h, sev1: 2 bd, sev2: soon, default: 4h}
    pause_on: [customer, pendingg]
    warn_at: [0%, 5000%, x, "-"]
    stops_on: [ack]
    on: {75%: {notify: nobody}, zz: {}}
  update: {target: 4h, every: 2h}
  resolution:
    target: 4h
    warn_at: 75
    customers: {gold: {sev7: 1h}, "": 1h}
again:""",
        ),
    ),
    "a policy whose unknown key hides nothing": changed(
        "policies/desk.yaml",
        ("again: {from: second", "team: nobodies\nagain: {from: third"),
        ("name: second", "name: first\n    colour: red"),
        (
            "policy: desk",
            """\
policy: desk
colour: red
clocks: {resolution: {target: 1h, calendar: nope, on: {50%: {climb: top}, 60%: {notify: person:zoe}}}}
start_at: {sev1: last}""",
        ),
    ),
    "a person with several mistakes": changed(
        "people.yaml",
        ("    name: Ana", "    nmae: Ana\n    place: fr\n    backup: zoe\n    language: de"),
        ("- {use: mail, after: 5m}", "- {use: phone, after: soon}"),
        ("mail: {channel: mail, address: ana@", "mail: {channel: mial, address: ana@"),
    ),
    "what names people is not wrong because they could not be read": {
        k: v
        for k, v in changed(
            "policies/desk.yaml",
            (
                "policy: desk",
                "policy: desk\nteam: ops\nclocks: {resolution: {target: 1h, on: {50%: {notify: team:ops}}}}",
            ),
        ).items()
        if k != "people.yaml"
    },
    "a broken name among those of a list hides no other": {
        **changed("escalade.yaml", ("team:managers", "[nobody, team:manageers]")),
        **{
            file: text
            for file, text in changed(
                "policies/desk.yaml",
                (
                    "policy: desk",
                    """\
policy: desk
catch_all: [x, person:zoe]
clocks: {resolution: {target: 1h, on: {50%: {notify: [y, person:zoe]}, 60%: [{notify: [z, person:zoe]}]}}}""",
                ),
                ("[schedule:duty]", "[schedule:dutty, nobody, 7]"),
                ("    resolve_within: 1h", "    resolve_within: 1h\n    acknowledge_by: 3"),
                ("{from: second, times: 2}", "{from: third, times: often}"),
            ).items()
            if file == "policies/desk.yaml"
        },
    },
    "a canary that would wake people": changed("escalade.yaml", ("places:", "watch: {canary_every: 15m}\nplaces:")),
    "a heartbeat that is no address": changed(
        "escalade.yaml", ("places:", "watch: {heartbeat_url: example.com}\nplaces:")
    ),
}


def expected() -> dict[str, list[str]]:
    """What `wrong.txt` says, by the name of the case."""
    sections = (Path(__file__).parent / "wrong.txt").read_text(encoding="utf-8").split("== ")[1:]
    return {lines[0]: [line for line in lines[1:] if line] for lines in (text.split("\n") for text in sections)}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_file_line_field_and_mend(name: str, tmp_path: Path) -> None:
    assert told(write(tmp_path, WRONG[name])) == expected()[name]


def test_every_case_has_its_words_and_every_words_their_case() -> None:
    words = expected()
    assert list(words) == list(WRONG)
    assert all(words.values())


def test_the_configuration_that_all_of_these_change_is_good(tmp_path: Path) -> None:
    assert told(write(tmp_path, GOOD)) == []
