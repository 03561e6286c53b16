"""In CI a skip is a failure: a promise that was not checked is not kept.

Loaded by ``tests/conftest.py``. It acts where a report is made, so it works under xdist as well. What is left
out by ``-m`` or ``-k`` is not a skip, and an expected failure is not one either.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

ALLOWED_REASON = "needs ../shared"
"""A skip whose reason begins so stays a skip: the files beside the repository are not part of it."""


def in_ci() -> bool:
    """Whether this run is CI's."""
    return os.environ.get("CI", "").lower() == "true"


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The reason given for a skip."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skipped report into a failed one, unless CI allows the skip."""
    if not in_ci() or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = reason_of(report)
    if reason.startswith(ALLOWED_REASON):
        return
    report.outcome = "failed"
    report.longrepr = f"CI allows no skip, and this was one: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test or fixture that skips."""
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself, as by ``importorskip``."""
    report = yield
    refuse_skip(report)
    return report
