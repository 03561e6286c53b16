"""What commands open when they need it: settings, configuration, store, Temporal. Each import happens here, late."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from configuration import Configuration
    from escalade.people import Roster
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


def roster() -> Roster:
    """Everybody and every place that can be told something, schedules included.

    A policy that is broken, or a secret that this shell does not have, keeps nobody from seeing who is on duty: it is
    only said.

    Raises:
        ConfigurationError: when people, schedules or places are wrong: with every problem.
    """
    from escalade.errors import ConfigurationError

    try:
        return configuration().roster
    except ConfigurationError as error:
        from configuration import load_roster
        from worker.registry import extensions

        found = load_roster(settings().config, env=os.environ, channels=extensions().channels)
        if found is None:
            raise
        _say_elsewhere(len(error.problems))
        return found


def _say_elsewhere(errors: int) -> None:
    import click

    said = f"{errors} errors" if errors > 1 else "1 error"
    click.echo(
        f"Note: the configuration has {said} elsewhere (see `escalade check`). Workers that run go on with what they "
        "loaded before.",
        err=True,
    )


def people() -> Roster:
    """The people, teams and vendors, without looking at the rest of the configuration.

    Whoever acts must be able to while somebody else's policy is broken, and without waiting for channels to load.

    Raises:
        ConfigurationError: when `people.yaml` itself is wrong: with every problem of the configuration.
    """
    from pydantic import ValidationError

    from configuration.directory import PEOPLE
    from configuration.files import PeopleFile
    from escalade.people import Roster

    data = _written(PEOPLE)
    try:
        file = PeopleFile.model_validate(data)
    except ValidationError:
        return roster()
    return Roster(people=file.people, teams=file.teams, vendors=file.vendors)


def readable_people() -> Roster:
    """Those people of `people.yaml` whose entries can be read, whatever is wrong with the rest of it."""
    from pydantic import ValidationError

    from configuration.directory import PEOPLE
    from escalade.people import Roster
    from escalade.people.roster import Person

    data = _written(PEOPLE)
    written = data.get("people") if isinstance(data, dict) else None
    found = {}
    for name, value in written.items() if isinstance(written, dict) else ():
        try:
            found[str(name)] = Person.model_validate(value)
        except ValidationError:
            continue
    return Roster(people=found)


def configured_login() -> str | None:
    """`login` of `escalade.yaml`: who acts when nobody else is known."""
    from configuration.directory import ESCALADE

    data = _written(ESCALADE)
    login = data.get("login") if isinstance(data, dict) else None
    return login if isinstance(login, str) else None


def _written(name: str) -> Any:
    """What a file of the configuration says; None when nothing can be made of it."""
    from configuration.document import read_document

    try:
        raw = (settings().config / name).read_bytes()
    except OSError:
        return None
    document, _ = read_document(name, raw)
    return document.data if document is not None else None


@contextlib.contextmanager
def store() -> Iterator[Store]:
    """The store, for reading; a missing one is an error, never made by looking."""
    from store import Store

    opened = Store.open(settings().store, migrate=False)
    try:
        yield opened
    finally:
        opened.close()


@contextlib.contextmanager
def writable_store() -> Iterator[Store]:
    """The store, for what may be the first to need it: a file that is not there is made, an old one is left to workers.

    Raises:
        StoreError: when it cannot be used, or is of another version.
    """
    from store import Store

    url = settings().store
    opened = Store.open(url, migrate=_is_missing(url))
    try:
        yield opened
    finally:
        opened.close()


@contextlib.contextmanager
def store_if_any() -> Iterator[Store | None]:
    """The store, for reading; None where none was made yet, so that nothing was changed since the configuration.

    Raises:
        StoreError: when it cannot be used, or is of another version.
    """
    if _is_missing(settings().store):
        yield None
        return
    with store() as opened:
        yield opened


def _is_missing(url: str) -> bool:
    from store.database import Database

    database = Database(url)
    try:
        return database.is_missing
    finally:
        database.close()


def tickets() -> AbstractAsyncContextManager[TicketClient]:
    """The tickets, through Temporal."""
    from worker.client import ticket_client

    return ticket_client(settings(), dict(os.environ))
