"""A ticket that the previous commit's worker opened finishes on today's."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.kill.evidence import Page
from tests.kill.site import ROOT, WORKER, Site

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kill")]

CODE = ("escalade", "store", "configuration", "activities", "workflows", "worker")
"""What a worker is made of."""


def git(*arguments: str) -> str:
    """Ask git about this repository."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def previous() -> str:
    """The newest commit before this one whose worker is made of other code."""
    for commit in git("rev-list", "--first-parent", "--max-count=200", "HEAD~1").split():
        if not git("ls-tree", commit, "worker/main.py"):
            break
        if git("diff", "--name-only", commit, "HEAD", "--", *CODE).strip():
            return commit
    pytest.skip("there is no earlier commit with another worker")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the previous commit."""
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("this clone is shallow: the previous commit is not in it (git fetch --unshallow)")
    commit = previous()
    where = tmp_path_factory.mktemp(commit[:12])
    archive = where / "source.tar"
    git("archive", "--output", str(archive), commit, *CODE)
    with tarfile.open(archive) as source:
        source.extractall(where, filter="data")
    return where


def comes_from(site: Site, root: Path) -> str:
    """Which worker Python finds there."""
    ask = [sys.executable, "-c", "import worker.main; print(worker.main.__file__)"]
    env = site.env | {"PYTHONPATH": str(root)}
    return subprocess.run(ask, cwd=root, env=env, capture_output=True, text=True, check=True).stdout.strip()


async def test_a_ticket_of_the_previous_commits_worker_finishes_on_todays(site: Site, old: Path) -> None:
    assert comes_from(site, old) == str(old / "worker" / "main.py")
    await site.start(program=WORKER, root=old)
    climbing, repeating, resting = await site.open("climbs"), await site.open("repeats"), await site.open("calm")
    await site.until_got(climbing, "bob")
    await site.until_got(repeating, "ana", times=2)
    await site.does("ana", "acknowledge", resting)
    await site.does("ana", "pending", resting, on="vendor", **{"for": timedelta(days=1)})
    for key in (climbing, repeating, resting):
        await site.until(lambda key=key: site.settled(key), "the old worker has written everything")  # type: ignore[misc]
    before = {key: site.entries(key) for key in (climbing, repeating, resting)}
    site.kill_worker()

    await site.start_worker()
    seen = len(site.receiver.got(repeating))
    await site.until_got(repeating, "ana", times=seen + 1)
    await site.does("bob", "acknowledge", climbing)
    await site.does("ana", "resume", resting)
    plans = {
        climbing: [Page("ana", 1, 1), Page("bob", 2, 1)],
        resting: [Page("ana", 1, 1)],
    }
    for key in (climbing, resting, repeating):
        await site.close(key)
    plans[repeating] = [Page("ana", 1, n + 1) for n in range(len(site.receiver.got(repeating)))]
    for key, plan in plans.items():
        evidence = await site.proven(key, plan)
        assert evidence.entries[: len(before[key])] == before[key]
    site.verified()
