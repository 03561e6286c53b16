"""Reports how late pages were in the tests that kill things: what they assert is a bound, this is the number.

Loaded by ``tests/conftest.py``. A test says it with ``record_property("late_seconds_<what>", seconds)``.
"""

from __future__ import annotations

from typing import Any

import pytest

PREFIX = "late_seconds"


def lines_of(reports: list[Any]) -> list[str]:
    """A line for each test that measured lateness."""
    found = []
    for report in reports:
        measured = [(name, value) for name, value in getattr(report, "user_properties", []) if name.startswith(PREFIX)]
        if measured and getattr(report, "when", "") == "call":
            said = ", ".join(
                f"{name.removeprefix(PREFIX).strip('_') or 'page'} {late:.1f} s" for name, late in measured
            )
            found.append(f"{report.nodeid.rpartition('::')[2]}: {said}")
    return sorted(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it at the end of the run."""
    stats = terminalreporter.stats
    lines = lines_of([report for outcome in ("passed", "failed") for report in stats.get(outcome, [])])
    if lines:
        terminalreporter.section("lateness of pages, from the instant they were due")
        for line in lines:
            terminalreporter.line(line)
