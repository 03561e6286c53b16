"""What commands open when they need it: settings, configuration, store, Temporal. Each import happens here, late."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from configuration import Configuration
    from store import Store
    from worker.client import TicketClient
    from worker.settings import Settings


def settings() -> Settings:
    """Escalade's own settings, from the environment."""
    from worker.settings import Settings

    return Settings.from_env(os.environ)


def configuration() -> Configuration:
    """The configuration as a worker here would load it.

    Raises:
        ConfigurationError: with every problem.
    """
    from configuration import load
    from worker.registry import extensions

    found = extensions()
    return load(settings().config, env=os.environ, channels=found.channels, steps=found.steps)


@contextlib.contextmanager
def store() -> Iterator[Store]:
    """The store, for reading; a missing one is an error, never made by looking."""
    from store import Store

    opened = Store.open(settings().store, migrate=False)
    try:
        yield opened
    finally:
        opened.close()


def tickets() -> AbstractAsyncContextManager[TicketClient]:
    """The tickets, through Temporal."""
    from worker.client import ticket_client

    return ticket_client(settings(), os.environ)
