"""Receivers for every test that sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from store import Store
from store.database import Database
from tests.activities.making import NOW, Place, place
from tests.activities.sinks import HttpSink, MailSink, http_sink, mail_sink


@pytest.fixture
def mail() -> Iterator[MailSink]:
    """A mail server without TLS or logins."""
    with mail_sink() as sink:
        yield sink


@pytest.fixture
def web() -> Iterator[HttpSink]:
    """An HTTP server."""
    with http_sink() as sink:
        yield sink


@pytest.fixture
def here(tmp_path: Path, mail: MailSink, web: HttpSink) -> Iterator[Place]:
    """Configured activities over a real store."""
    with place(tmp_path, mail, web) as made:
        yield made


@pytest.fixture
def away(tmp_path: Path, mail: MailSink, web: HttpSink) -> Iterator[Place]:
    """Activities whose database cannot be reached."""
    store = Store(Database("postgresql+psycopg://escalade@127.0.0.1:1/none"), lambda: NOW)
    with place(tmp_path, mail, web, store=store) as made:
        yield made


@pytest.fixture
def env() -> ActivityEnvironment:
    """What Temporal gives an activity."""
    return ActivityEnvironment()
