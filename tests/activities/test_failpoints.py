from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.failpoints import Failpoints
from escalade.errors import EscaladeError
from escalade.messages.activities import PageResult
from tests.activities.making import KEY, place, request
from tests.activities.making import person as told
from tests.activities.sinks import HttpSink, MailSink

ASKED = request(told("ana", "mail", fallbacks=("file",)))


async def paged_by_a_process(directory: Path, mail: MailSink, web: HttpSink, failpoint: str) -> int:
    """Send the page from a process of its own; its exit code."""
    port, url = str(mail.port), web.url
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.activities.one_page",
        str(directory),
        port,
        url,
        ASKED.model_dump_json(),
        env={**os.environ, "ESCALADE_FAILPOINT": failpoint},
    )
    return await process.wait()


async def paged_again(directory: Path, mail: MailSink, web: HttpSink) -> PageResult:
    with place(directory, mail, web) as here:
        sent = await ActivityEnvironment().run(here.activities.page, ASKED)
        assert here.store.head(f"ticket/{KEY}").seq == 1
        assert here.store.verify() == []
        return sent


@pytest.mark.kill
@pytest.mark.parametrize(("point", "mails"), [("before_send", 1), ("after_accept", 2), ("before_record", 1)])
async def test_a_page_killed_at_its_worst_instants_is_sent_at_least_once_and_at_most_twice(
    tmp_path: Path, mail: MailSink, web: HttpSink, point: str, mails: int
) -> None:
    assert await paged_by_a_process(tmp_path, mail, web, f"{point}:1") == -signal.SIGKILL
    sent = await paged_again(tmp_path, mail, web)
    assert [receipt.outcome for receipt in sent.receipts] == ["accepted"]
    assert sent.receipts[0].possibly_twice is (point != "before_record")
    assert len(mail.mails) == mails
    assert len({arrived["Message-ID"] for arrived in mail.mails}) == 1


@pytest.mark.kill
@pytest.mark.parametrize("failpoint", ["", "after_accept:2"])
async def test_a_process_without_a_failpoint_in_its_way_ends_by_itself(
    tmp_path: Path, mail: MailSink, web: HttpSink, failpoint: str
) -> None:
    assert await paged_by_a_process(tmp_path, mail, web, failpoint) == 0
    sent = await paged_again(tmp_path, mail, web)
    assert not sent.receipts[0].possibly_twice
    assert len(mail.mails) == 1


def test_the_nth_hit_of_the_named_point_ends_the_process_once() -> None:
    ended: list[str] = []
    armed = Failpoints("after_accept", at=2, end=lambda: ended.append("x"))
    for _ in range(3):
        armed.hit("before_send")
    armed.hit("after_accept")
    assert ended == []
    armed.hit("after_accept")
    armed.hit("after_accept")
    assert ended == ["x"]


@pytest.mark.parametrize("written", ["after_acept", "after_accept:0", "after_accept:x", "after_accept:-1", ":1"])
def test_a_failpoint_that_would_never_be_hit_is_refused(written: str) -> None:
    with pytest.raises(EscaladeError):
        Failpoints.read({"ESCALADE_FAILPOINT": written})


def test_without_the_variable_nothing_is_armed() -> None:
    for point in ("before_send", "after_accept", "before_record"):
        Failpoints.read({}).hit(point)
