"""Escalade's own settings, from the environment. How Temporal is reached is Temporal's own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from escalade.errors import ConfigurationError, Problem

_NAMES = {
    "config": "ESCALADE_CONFIG",
    "state": "ESCALADE_STATE",
    "store": "ESCALADE_STORE",
    "log": "ESCALADE_LOG",
    "log_level": "ESCALADE_LOG_LEVEL",
    "health": "ESCALADE_HEALTH",
    "metrics": "ESCALADE_METRICS",
    "embedded_port": "ESCALADE_PORT",
    "max_cached_tickets": "ESCALADE_MAX_CACHED_TICKETS",
    "ready_file": "ESCALADE_READY_FILE",
}


class Address(BaseModel):
    """Where a process listens."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int = Field(ge=0, le=65535)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def read(cls, text: str) -> Address:
        """Read `host:port`, or a port alone, which listens on this machine only."""
        host, _, port = text.strip().rpartition(":")
        if not port.isdigit():
            raise ValueError("say host:port, for instance 127.0.0.1:9465")
        return cls(host=host.strip("[]") or "127.0.0.1", port=int(port))


class Settings(BaseModel):
    """Where things are and how this process behaves."""

    model_config = ConfigDict(frozen=True)

    config: Path = Path("config")
    """The configuration directory (`ESCALADE_CONFIG`)."""
    state: Path = Path("state")
    """What `escalade up` keeps: the embedded server's database, locks, logs (`ESCALADE_STATE`)."""
    store: str = ""
    """The store's URL; an SQLite file in the state directory when not given (`ESCALADE_STORE`)."""
    log: Literal["text", "json"] = "text"
    """How log lines are written (`ESCALADE_LOG`)."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is written (`ESCALADE_LOG_LEVEL`)."""
    health: Address | None = None
    """Where the worker answers `/live` and `/ready`; nowhere when not given (`ESCALADE_HEALTH`)."""
    metrics: Address | None = None
    """Where the worker serves Prometheus' `/metrics`; nowhere when not given (`ESCALADE_METRICS`)."""
    embedded_port: int = Field(7233, ge=0, le=65535)
    """The port of the embedded Temporal server; 0 takes a free one (`ESCALADE_PORT`)."""
    max_cached_tickets: int = Field(2000, ge=0, le=1_000_000)
    """How many tickets a worker keeps in memory; others are replayed when they wake
    (`ESCALADE_MAX_CACHED_TICKETS`)."""
    ready_file: Path | None = None
    """A file the worker makes when it works, for whoever started it (`ESCALADE_READY_FILE`)."""

    @field_validator("health", "metrics", mode="before")
    @classmethod
    def _read_address(cls, value: object) -> object:
        return Address.read(value) if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _derive_store(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        state = Path(values.get("state", "state")).expanduser().absolute()
        config = Path(values.get("config", "config")).expanduser().absolute()
        return {**values, "state": state, "config": config, "store": values.get("store") or default_store(state)}

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables.

        Args:
            env: the environment; an empty value counts as not given.

        Raises:
            ConfigurationError: with everything that is wrong.
        """
        given = {field: env[name] for field, name in _NAMES.items() if env.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = []
            for e in error.errors():
                name = _NAMES.get(str(e["loc"][0]) if e["loc"] else "", "")
                found = f"{env.get(name, '')!r} cannot be used: {e['msg'].removeprefix('Value error, ')}."
                problems.append(
                    Problem("environment", 0, name, found, "Change it or leave it out to have the default.")
                )
            raise ConfigurationError(problems) from None

    def to_env(self) -> dict[str, str]:
        """The same settings as environment variables, for a process that is started with them."""
        values = {name: getattr(self, field) for field, name in _NAMES.items()}
        return {name: str(value) for name, value in values.items() if value is not None}


def default_store(state: Path) -> str:
    """The URL of the store in a state directory."""
    return f"sqlite:///{state}/escalade.db"
