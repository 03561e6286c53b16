"""A skip fails CI, and only what CI allows may skip there."""

from __future__ import annotations

import pytest

SKIPS = """
import pytest

def test_runs():
    pass

def test_skips_itself():
    pytest.skip("no database")

@pytest.mark.skipif(True, reason="no server")
def test_skipped_by_mark():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_known_failure():
    assert False
"""
ALLOWED = """
import pytest

def test_reads_beside():
    pytest.skip("needs ../shared: the incident file is not part of the repository")
"""
MODULE_SKIP = """
import pytest

pytest.importorskip("a_module_nobody_has")
"""
PLUGINS = ("-p", "tests.ci_skips", "-p", "no:cacheprovider")


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_skip_fails_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile(SKIPS)
    result = pytester.runpytest_subprocess(*PLUGINS, *workers)
    counts = result.parseoutcomes()
    # A mark skips during set-up, which pytest counts as an error.
    assert (counts["passed"], counts["xfailed"]) == (1, 1)
    assert counts.get("failed", 0) + counts.get("errors", 0) == 2
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*CI allows no skip, and this was one: no database*"])


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_module_that_skips_itself_fails_ci(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile(MODULE_SKIP)
    result = pytester.runpytest_subprocess(*PLUGINS, *workers)
    assert result.ret not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def test_ci_lets_tests_skip_that_read_beside_the_repository(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile(ALLOWED)
    result = pytester.runpytest_subprocess(*PLUGINS)
    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.OK


def test_elsewhere_a_skip_is_counted_and_nothing_more(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(SKIPS)
    result = pytester.runpytest_subprocess(*PLUGINS)
    result.assert_outcomes(passed=1, skipped=2, xfailed=1)
    assert result.ret == pytest.ExitCode.OK
