"""Who acts, and that no broken file keeps anybody from acting."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from cli import acting
from cli.invocation import Invocation
from escalade.written import Identifier
from tests.cli.conftest import Run

SLIPS = {
    "no YAML": lambda text: text + "\n  - [\n",
    "one wrong value": lambda text: text.replace("time_zone: Europe/Paris", "time_zone: Europe/Pari", 1),
    "empty": lambda text: "",
}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_in_people_yaml_keeps_nobody_from_acknowledging(
    escalade: Run, place: Path, capsys: pytest.CaptureFixture[str], slip: object
) -> None:
    people = place / "config" / "people.yaml"
    people.write_text(slip(people.read_text()))  # type: ignore[operator]
    assert acting.acting_person(Invocation(person="bruno")).id == "bruno"
    warned = capsys.readouterr().err
    assert warned.startswith("Warning: people.yaml cannot be used, so you act as 'bruno' unchecked.")
    assert "people.yaml" in warned.splitlines()[1]
    # Nothing listens where Temporal is said to be: that is all that stands in its way.
    done = escalade("ticket", "ack", "aaaaaaaaaa", "--as", "bruno")
    assert (done.code, "unchecked" in done.err) == (6, True)


def test_a_login_is_still_found_where_only_another_entry_is_broken(place: Path) -> None:
    people = place / "config" / "people.yaml"
    people.write_text(people.read_text() + "\n  # a slip below\nvendors: 7\n")
    assert acting.acting_person(Invocation(person="bruno@example.com")).id == "bruno"
    assert acting.acting_person(Invocation()).id == "ana"


def test_what_is_no_id_is_refused_while_nobody_can_be_looked_up(escalade: Run, place: Path) -> None:
    (place / "config" / "people.yaml").write_text("people: [")
    done = escalade("ticket", "ack", "aaaaaaaaaa", "--as", "Bruno Lee")
    assert (done.code, "'Bruno Lee' is no id" in done.err) == (2, True)


def test_an_id_has_the_form_that_the_configuration_gives_it() -> None:
    (field,) = (one for one in get_args(Identifier) if hasattr(one, "metadata"))
    (pattern,) = (one.pattern for one in field.metadata if getattr(one, "pattern", None))
    assert pattern == f"^{acting._ID.pattern}$"
