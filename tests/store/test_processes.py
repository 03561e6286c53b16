from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from store import Store


def writer(url: str, name: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.writing", url, name, *more], stdout=subprocess.PIPE, text=True
    )


def test_processes_share_a_new_store_from_its_first_instant(url: str) -> None:
    with ExitStack() as stack:
        writers = [stack.enter_context(writer(url, f"p{number}", "12")) for number in range(4)]
        assert [process.wait(60) for process in writers] == [0] * 4
    with Store.open(url, migrate=False) as store:
        assert store.head("shared").seq == 4 * 12 * 3
        assert Counter(each.entry.life for each in store.entries("shared")) == {f"p{n}": 36 for n in range(4)}
        for number in range(4):
            of_one = [each.entry.data["n"] for each in store.entries("shared") if each.entry.life == f"p{number}"]
            assert of_one == list(range(36))
        assert store.verify() == []


@pytest.mark.kill
def test_what_was_acknowledged_survives_the_death_of_the_writer(url: str) -> None:
    acknowledged = []
    for life in ("first", "second"):
        with writer(url, life) as process:
            assert process.stdout is not None
            acknowledged += [json.loads(process.stdout.readline()) for _ in range(25)]
            process.kill()
            acknowledged += [json.loads(line) for line in process.stdout if line.endswith("\n")]
    with Store.open(url, migrate=False) as store:
        assert store.verify() == []
        for ack in acknowledged:
            [stored] = store.entries(ack["stream"], after=ack["seq"] - 1, limit=1)
            assert stored.hash == ack["hash"]
        # A batch is there whole or not at all.
        assert all(store.head(stream).seq % 3 == 0 for stream in store.streams())
