"""Settings come from the environment, all mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalade.errors import ConfigurationError
from worker.settings import Settings


def test_everything_has_a_default_beside_the_state_directory(tmp_path: Path) -> None:
    settings = Settings.from_env({"ESCALADE_STATE": str(tmp_path)})
    assert settings.store == f"sqlite:///{tmp_path}/escalade.db"
    assert settings.config == Path("config").absolute()
    assert (settings.health, settings.metrics, settings.log) == (None, None, "text")


def test_an_empty_variable_counts_as_not_given() -> None:
    assert Settings.from_env({"ESCALADE_LOG": "", "ESCALADE_HEALTH": ""}) == Settings.from_env({})


def test_every_wrong_variable_is_told_at_once_with_what_was_found() -> None:
    wrong = {"ESCALADE_LOG": "xml", "ESCALADE_PORT": "seventy", "ESCALADE_HEALTH": "nowhere"}
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_env(wrong)
    assert {problem.field for problem in refused.value.problems} == set(wrong)
    assert "'xml' cannot be used" in str(refused.value)
    assert "say host:port" in str(refused.value)


def test_what_a_child_process_is_given_reads_back_the_same(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"ESCALADE_STATE": str(tmp_path), "ESCALADE_HEALTH": "[::1]:9465", "ESCALADE_METRICS": "9464"}
    )
    assert Settings.from_env(settings.to_env()) == settings
    assert str(settings.metrics) == "127.0.0.1:9464"
