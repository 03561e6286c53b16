"""`maintenance.yaml`: read whole, or refused with file, line and mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from configuration import check, load
from configuration.directory import MAINTENANCE
from tests.configuration.making import EXAMPLES
from worker.registry import extensions

GOOD = """\
windows:
  sundays:
    match: {service: shop}
    start: 2026-01-04T01:00
    lasts: 3h
    recurrence: FREQ=WEEKLY;BYDAY=SU
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLES, tmp_path / "config")
    return tmp_path / "config"


def problems(directory: Path, text: str) -> list[str]:
    (directory / MAINTENANCE).write_text(text)
    found = extensions()
    return [str(one) for one in check(directory, env={}, channels=found.channels, steps=found.steps)]


def test_windows_are_read_by_their_names(directory: Path) -> None:
    assert problems(directory, GOOD) == []
    found = extensions()
    (window,) = load(directory, env={}, channels=found.channels, steps=found.steps).windows
    assert (window.id, window.source, window.spec.recurrence) == ("sundays", "configuration", "FREQ=WEEKLY;BYDAY=SU")


def test_a_rule_that_cannot_be_read_hides_nothing_else_of_its_window(directory: Path) -> None:
    text = GOOD.replace("WEEKLY", "HOURLY").replace("    lasts", "    end: 2026-01-04T04:00\n    lasts")
    told = problems(directory, text)
    assert [one for one in told if "names no FREQ" in one and one.startswith("maintenance.yaml:7: ")]
    both = "maintenance.yaml:2: windows.sundays: It has `end` and `lasts`. Give `end` or `lasts`."
    assert both in told
    assert len(told) == 2
    # What depends on the rule is not said while nobody knows the rule.
    assert len(problems(directory, GOOD.replace("WEEKLY", "HOURLY").replace("3h", "30d"))) == 1


def test_without_the_file_there_are_none(directory: Path) -> None:
    (directory / MAINTENANCE).unlink()
    found = extensions()
    assert load(directory, env={}, channels=found.channels, steps=found.steps).windows == ()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (GOOD.replace("lasts", "last"), 5, "Did you mean lasts?"),
        (GOOD.replace("WEEKLY", "HOURLY"), 6, "FREQ of YEARLY"),
        (GOOD.replace("{service: shop}", "{services: shop}"), 3, "'services' is no key here"),
        (GOOD.replace("3h", "3 hours and a bit"), 5, "is not a duration"),
        (GOOD.replace("2026-01-04T01:00", "9"), 4, "no date and time"),
        (GOOD.replace("sundays", "On Sundays"), 2, "windows"),
        ("windows: {}\n", 1, "windows"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(directory: Path, text: str, line: int, says: str) -> None:
    told = problems(directory, text)
    assert any(one.startswith(f"maintenance.yaml:{line}:") and says in one for one in told), told
