"""Receivers for every test that sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
