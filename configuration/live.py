"""The configuration a process is serving, and how it takes in another one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from configuration.loading import load
from configuration.model import Configuration
from escalade.errors import ConfigurationError, Problem
from escalade.extension import Channel, Step


class Live:
    """Holds the last good configuration (decision 24). Safe to read and reload from several threads."""

    def __init__(
        self,
        directory: Path,
        *,
        env: Mapping[str, str],
        channels: Mapping[str, type[Channel]],
        steps: Mapping[str, type[Step]],
    ) -> None:
        """Load for the first time.

        Raises:
            ConfigurationError: there is no good configuration to begin with.
        """
        self._directory, self._env, self._channels, self._steps = directory, env, channels, steps
        self._lock = threading.Lock()
        self._current = self._load()
        self._problems: tuple[Problem, ...] = self._current.warnings

    @property
    def current(self) -> Configuration:
        """The last good configuration. Keep the object for as long as one decision takes: it never changes."""
        return self._current

    @property
    def problems(self) -> list[Problem]:
        """What the last look at the directory found; errors here mean that an older configuration is serving."""
        return list(self._problems)

    def reload(self) -> list[Problem]:
        """Look at the directory again; the whole of it is taken, or nothing.

        Returns:
            What was found. With an error among them the last good configuration goes on serving.
        """
        with self._lock:
            try:
                self._current = self._load()
            except ConfigurationError as error:
                self._problems = tuple(error.problems)
            else:
                self._problems = self._current.warnings
            return list(self._problems)

    def _load(self) -> Configuration:
        return load(self._directory, env=self._env, channels=self._channels, steps=self._steps)
