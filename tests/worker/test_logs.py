"""Each log line names its ticket, in text and in JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from temporalio.testing import ActivityEnvironment

from worker.logs import set_up_logging
from worker.metrics import telemetry


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    for handler in [h for h in root.handlers if h.get_name() == "escalade"]:
        root.removeHandler(handler)
    root.setLevel(level)


async def test_a_line_logged_in_an_activity_names_the_ticket_it_runs_for(restored: None) -> None:
    stream = io.StringIO()
    set_up_logging("json", "info", stream=stream)
    environment = ActivityEnvironment()
    environment.info = type(environment.info)(
        **{**vars(environment.info), "workflow_id": "ticket/abcdefghij"},
    )

    async def act() -> None:
        logging.getLogger("activities.page").warning("slow: %s", "smtp", extra={"channel": "mail"})

    await environment.run(act)
    line = json.loads(stream.getvalue())
    assert (line["ticket"], line["text"], line["level"], line["channel"]) == (
        "abcdefghij",
        "slow: smtp",
        "warning",
        "mail",
    )


def test_text_lines_carry_instant_level_and_ticket(restored: None) -> None:
    stream = io.StringIO()
    set_up_logging("text", "warning", stream=stream)
    logging.getLogger("worker").info("not written")
    logging.getLogger("worker").error("late", extra={"ticket": "abcdefghij"})
    line = stream.getvalue()
    assert line.endswith("Z ERROR worker [abcdefghij] late\n")
    assert "not written" not in line


def test_setting_up_twice_writes_each_line_once(restored: None) -> None:
    stream = io.StringIO()
    set_up_logging("text", "info", stream=io.StringIO())
    set_up_logging("text", "info", stream=stream)
    logging.getLogger("worker").info("once")
    assert stream.getvalue().count("once") == 1


def test_an_exception_stays_on_one_line_of_json(restored: None) -> None:
    stream = io.StringIO()
    set_up_logging("json", "info", stream=stream)
    try:
        int("boom")
    except ValueError:
        logging.getLogger("worker").exception("failed")
    assert len(stream.getvalue().splitlines()) == 1
    assert "invalid literal for int" in json.loads(stream.getvalue())["exception"]


def test_what_temporals_core_says_is_a_line_like_any_other(restored: None) -> None:
    stream = io.StringIO()
    set_up_logging("json", "info", stream=stream)
    logs = telemetry(None).logging
    assert logs is not None
    assert logs.forwarding is not None
    said = SimpleNamespace(level=logging.WARNING, target="worker", message="no poller", fields={"n": 1}, time=1.0)
    logs.forwarding._on_logs([said])  # as the core hands it over
    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["at"][:4]) == ("warning", "temporalio.core", "1970")
    assert "no poller" in line["text"]
    assert "temporal_log" not in line
