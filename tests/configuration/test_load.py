"""What loading promises: all or nothing, everything at once, and no secret told."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from configuration import Live
from escalade.errors import ConfigurationError
from escalade.people.roster import Target
from escalade.ticket import Severity, Ticket
from tests.configuration.making import CHANNELS, ENV, GOOD, STEPS, changed, loaded, look, told, write


def test_a_good_directory_is_loaded_whole(tmp_path: Path) -> None:
    found = loaded(write(tmp_path, GOOD))
    assert list(found.roster.people) == ["ana", "bob"]
    assert found.roster.vendors["acme"].methods["mail"].address == "help@acme.example"
    assert found.roster.schedules["duty"].members() == ["ana", "bob"]
    assert found.roster.deliverable(Target("channel", "room"))
    assert [spec.policy for spec in found.policies] == ["desk"]
    assert (found.default_policy, found.catch_all, found.login) == ("desk", ["team:managers"], "ana")
    assert found.channels["mail"].use == "smtp"
    assert found.channels["mail"].settings.model_dump()["password"].get_secret_value() == ENV["MAIL_PASSWORD"]
    assert found.directory == tmp_path
    assert found.warnings == ()


def test_nothing_of_a_configuration_can_be_changed(tmp_path: Path) -> None:
    found = loaded(write(tmp_path, GOOD))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.default_policy = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        found.channels["more"] = found.channels["mail"]  # type: ignore[index]
    found.catch_all.append("person:ana")
    assert found.catch_all == ["team:managers"]


def test_all_errors_of_all_files_are_told_at_once_by_file_and_line(tmp_path: Path) -> None:
    files = {
        "escalade.yaml": GOOD["escalade.yaml"].replace("login: ana", "login: zoe").replace("host:", "hst:"),
        "people.yaml": GOOD["people.yaml"].replace("name: Ana", "nam: Ana").replace("members: [bob]", "members: [eve]"),
        "schedules/duty.yaml": GOOD["schedules/duty.yaml"].replace("Europe/Paris", "Paris").replace("ana, bob", "adam"),
        "policies/desk.yaml": GOOD["policies/desk.yaml"].replace("15m", "15").replace("times: 2", "times: 0"),
        "policies/b.yaml": "policy: [\n",
    }
    problems = look(write(tmp_path, files))
    assert problems == sorted(problems)
    assert [(p.file, p.line, p.field) for p in problems if p.level == "error"] == [
        ("escalade.yaml", 3, "login"),
        ("escalade.yaml", 6, "channels.mail.host"),
        ("escalade.yaml", 8, "channels.mail.hst"),
        ("people.yaml", 3, "people.ana.nam"),
        ("people.yaml", 16, "teams.managers.members[1]"),
        ("policies/b.yaml", 2, ""),
        ("policies/desk.yaml", 5, "tiers[first].acknowledge_within.default"),
        ("policies/desk.yaml", 14, "again.times"),
        ("schedules/duty.yaml", 2, "zone"),
        ("schedules/duty.yaml", 4, "rotation.members[1]"),
    ]
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path)
    assert caught.value.problems == [p for p in problems if p.level == "error"]
    assert str(caught.value).startswith("10 errors in the configuration:\n  escalade.yaml:3: login: 'zoe'")


def test_whoever_names_something_broken_is_not_told_that_it_is_missing(tmp_path: Path) -> None:
    files = {
        **GOOD,
        "people.yaml": GOOD["people.yaml"].replace("    members: [bob]", "    membres: [bob]"),
        "schedules/duty.yaml": "schedule: duty\nzone: [\n",
        "escalade.yaml": GOOD["escalade.yaml"].replace('{channel: screen, address: "#room"}', "{address: here}"),
    }
    fields = [p.field for p in look(write(tmp_path, files))]
    assert fields == ["places.room.channel", "teams.managers.members", "teams.managers.membres", ""]


def test_a_directory_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    (problem,) = told(tmp_path / "config")
    assert problem.endswith(
        "config: There is no such configuration directory. "
        "Make one with `escalade init`, or let ESCALADE_CONFIG name yours."
    )


def test_an_empty_directory_lacks_its_files(tmp_path: Path) -> None:
    assert [p.file for p in look(tmp_path)] == ["escalade.yaml", "people.yaml", "policies"]


@pytest.mark.parametrize(
    ("change", "env"),
    [
        (("host: mail.example", "host: ${MAIL_HOST}\n    port: ${MAIL_PASSWORD}"), {"MAIL_HOST": "h9"}),
        (("host: mail.example", "host: unusable"), {}),
        (("host: mail.example", "host: mail.example\n    ${MAIL_PASSWORD}: x"), {}),
        (("${MAIL_PASSWORD}", "hunter2-secret"), {}),
        (("${MAIL_PASSWORD}", "[hunter2-secret]"), {}),
        (("    password: ${MAIL_PASSWORD}", "    password: ${MAIL_PASSWORD}\n    passwort: hunter2-secret"), {}),
    ],
)
def test_no_problem_repeats_a_secret(change: tuple[str, str], env: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(write(tmp_path, changed("escalade.yaml", change)), env={**ENV, **env})
    assert "hunter2" not in str(caught.value)
    assert "h9" not in str(caught.value)


def test_an_address_from_the_environment_is_filled_in_and_never_told(tmp_path: Path) -> None:
    write(tmp_path, changed("people.yaml", ("help@acme.example", '"${ACME}"')))
    found = loaded(tmp_path, env={**ENV, "ACME": "secret@acme.example"})
    assert found.roster.vendors["acme"].methods["mail"].address == "secret@acme.example"
    assert "secret@" not in repr(found)
    (problem,) = told(tmp_path, env={**ENV, "ACME": "it's secret"})
    assert "does not take this address" in problem
    assert "${ACME}" in problem
    assert "it's" not in problem
    (problem,) = told(tmp_path, env={**ENV, "ACME": ""})
    assert "The environment variable ACME is empty." in problem


def test_a_port_may_come_from_the_environment(tmp_path: Path) -> None:
    write(tmp_path, changed("escalade.yaml", ("    host:", "    port: ${PORT}\n    host:")))
    found = loaded(tmp_path, env={**ENV, "PORT": "2525"})
    assert found.channels["mail"].settings.model_dump()["port"] == 2525


def test_warnings_refuse_nothing(tmp_path: Path) -> None:
    write(
        tmp_path, {**GOOD, "notes.txt": "", "policies/extra.yaml": "policy: extra\n" + GOOD["policies/desk.yaml"][13:]}
    )
    found = loaded(tmp_path)
    assert [(p.file, p.level) for p in found.warnings] == [("notes.txt", "warning"), ("policies/extra.yaml", "warning")]


def test_names_that_begin_with_a_dot_and_folders_beside_the_configuration_are_left_alone(tmp_path: Path) -> None:
    extra = {
        ".git/config.yaml": "x: [",
        ".env": "A=1",
        "tickets/map.yaml": "x: [",
        "schemas/a.yaml": "",
        "README.md": "",
    }
    assert told(write(tmp_path, {**GOOD, **extra})) == []


def test_files_behind_links_are_read(tmp_path: Path) -> None:
    """As a cluster mounts them: every file a link into a folder that begins with a dot."""
    write(tmp_path / "..data", GOOD)
    for name in ("escalade.yaml", "people.yaml", "policies", "schedules"):
        (tmp_path / name).symlink_to(tmp_path / "..data" / name)
    assert told(tmp_path) == []


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "policies" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    words = "policies/gone.yaml: The file cannot be read: it is a link that leads nowhere."
    assert [str(p)[: len(words)] for p in look(tmp_path)] == [words]


def test_the_digest_follows_the_meaning_and_not_the_layout_or_the_secrets(tmp_path: Path) -> None:
    first = loaded(write(tmp_path, GOOD)).digest
    assert re.fullmatch("[0-9a-f]{64}", first)
    write(tmp_path, {"escalade.yaml": "# a comment\n\n" + GOOD["escalade.yaml"]})
    assert loaded(tmp_path, env={"MAIL_PASSWORD": "another"}).digest == first
    write(tmp_path, {"people.yaml": GOOD["people.yaml"].replace("after: 5m", "after: 6m")})
    assert loaded(tmp_path).digest != first


def test_a_ticket_gets_the_first_policy_that_matches_and_hears_why(tmp_path: Path) -> None:
    payments = GOOD["policies/desk.yaml"].replace("policy: desk", "policy: payments\nmatch: [{service: payments}]")
    found = loaded(write(tmp_path, {**GOOD, "policies/payments.yaml": payments}))
    policy, why = found.admit(Ticket(service="payments", severity=Severity.SEV1), {"notify": "7"})
    assert (policy.name, why) == ("payments", "match 1 of policy payments")
    assert policy.catch_all == ["team:managers"]
    assert policy.tiers[1].steps[0].version == "7"
    policy, why = found.admit(Ticket(), {"notify": "7"})
    assert (policy.name, why) == ("desk", "no policy matches; the default of escalade.yaml")


def test_a_policy_is_compiled_once_for_each_set_of_step_versions(tmp_path: Path) -> None:
    found = loaded(write(tmp_path, GOOD))
    once, _ = found.admit(Ticket(), {"notify": "1"})
    again, _ = found.admit(Ticket(), {"notify": "1"})
    later, _ = found.admit(Ticket(), {"notify": "2"})
    assert once is again
    assert once.digest != later.digest


def test_a_reload_takes_all_or_nothing(tmp_path: Path) -> None:
    live = Live(write(tmp_path, GOOD), env=ENV, channels=CHANNELS, steps=STEPS)
    first = live.current
    assert live.reload() == []
    assert live.current.digest == first.digest

    write(
        tmp_path,
        {"people.yaml": GOOD["people.yaml"].replace("name: Ana", "name: Anna"), "policies/b.yaml": "policy: 1"},
    )
    problems = live.reload()
    assert {p.file for p in problems if p.level == "error"} == {"policies/b.yaml"}
    assert live.problems == problems
    assert live.current.roster.people["ana"].name == "Ana"

    write(tmp_path, {"policies/b.yaml": None})
    assert live.reload() == []
    assert live.problems == []
    assert live.current.roster.people["ana"].name == "Anna"
    assert first.roster.people["ana"].name == "Ana"


def test_there_is_no_beginning_without_a_good_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Live(tmp_path, env=ENV, channels=CHANNELS, steps=STEPS)


def test_the_watch_has_its_address_from_the_environment_and_a_policy_for_its_canary(tmp_path: Path) -> None:
    watch = "watch: {canary_every: 10m, heartbeat_url: '${BEAT}'}\nplaces:"
    canary = GOOD["policies/desk.yaml"].replace("policy: desk", "policy: canary\nmatch: {source: escalade-canary}")
    canary = canary.replace("{source: escalade-canary}", "[{source: escalade-canary}]")
    write(tmp_path, {**changed("escalade.yaml", ("places:", watch)), "policies/canary.yaml": canary})
    found = loaded(tmp_path, env={**ENV, "BEAT": "https://beat.example/x1"})
    assert found.watch.heartbeat_url == "https://beat.example/x1"
    assert found.watch.canary_every is not None
    (problem,) = told(tmp_path, env={**ENV, "BEAT": "beat.example/x1"})
    assert "watch.heartbeat_url" in problem
    assert "x1" not in problem


@pytest.mark.parametrize("broken", ["office", "other"])
def test_a_broken_calendar_is_told_alone_whoever_names_calendars(tmp_path: Path, broken: str) -> None:
    good = "calendar: {name}\nzone: Europe/Paris\nhours: {{monday-friday: '09:00-18:00'}}\n"
    policy = GOOD["policies/desk.yaml"].replace("policy: desk\n", "policy: desk\ncalendar: office\n")
    files: dict[str, str | bytes | None] = {**GOOD, "policies/desk.yaml": policy}
    for name in ("office", "other"):
        text = good.format(name=name)
        files[f"calendars/{name}.yaml"] = text.replace("18:00", "18:99") if name == broken else text
    problems = look(write(tmp_path, files))
    assert [(p.file, p.line) for p in problems if p.level == "error"] == [(f"calendars/{broken}.yaml", 3)]
