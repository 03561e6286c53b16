"""Feeds are read when they are due, serve while they fail, and never cost more than they may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.feeds import looked_at_within, refresh_feeds
from activities.ical import fetching
from activities.ical.fetching import fetch
from activities.ical.reading import FeedError
from configuration import Configuration
from escalade.messages.feeds import FeedsReport
from escalade.people.schedule import Feed
from escalade.ticket import Actor
from store import Store
from tests.activities.making import configure

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRET = "s3cr3t-token"


def calendar(who: str = "Ana Lopez") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1", "DTSTART:20260302T080000Z"]
    lines += ["DTEND:20260309T080000Z", f"SUMMARY:{who}", "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


@dataclass
class Web:
    """A server of calendars, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = field(default_factory=calendar)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    slow: asyncio.Event | None = None

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        given: dict[str, str] = {}
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(": ")
            given[name.lower()] = value
        self.asked.append(given)
        if self.slow is not None:
            await self.slow.wait()
        head = [f"HTTP/1.1 {self.status} said", *(f"{name}: {value}" for name, value in self.headers.items())]
        body = b"" if self.status == 304 else self.body
        head += [f"content-length: {len(body)}", "connection: close", "", ""]
        writer.write("\r\n".join(head).encode() + body)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()


@asynccontextmanager
async def web() -> AsyncIterator[Web]:
    made = Web()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    async with server:
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}.ics"
        yield made


class Site:
    """A configuration with one schedule that comes from a feed, and a clock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = Store.open(f"sqlite:///{directory / 'store.db'}", now=lambda: self.now)
        self.now = NOW

    def configured(self, url: str, refresh: str) -> Configuration:
        live = configure(self.directory, port=1, url="http://127.0.0.1:1")
        (self.directory / "config" / "schedules").mkdir(exist_ok=True)
        text = f"schedule: fed\nzone: UTC\nfeed: {{url: '{url}', refresh: {refresh}}}\n"
        (self.directory / "config" / "schedules" / "fed.yaml").write_text(text)
        assert {problem.level for problem in live.reload()} == {"warning"}
        return live.current

    async def look(self, url: str, *, only: str | None = None, refresh: str = "15m") -> FeedsReport:
        return await refresh_feeds(self.configured(url, refresh), self.store, now=lambda: self.now, only=only)

    def served(self) -> tuple[list[str], str]:
        """Who is on duty by the feed, and why it is stale."""
        (found,) = self.store.changes(NOW, NOW + timedelta(days=1)).imported
        return [slot.person for slot in found.shifts], found.stale


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_a_feed_is_read_on_its_rhythm_and_not_again_before(site: Site) -> None:
    async with web() as there:
        first = await site.look(there.url)
        assert (first.looked_at, first.changed, first.failed) == (["fed"], ["fed"], {})
        assert site.served() == (["ana"], "")
        for minutes, looks in ((0, 1), (10, 1), (15, 2), (16, 2)):
            site.now = NOW + minutes * MINUTE
            await site.look(there.url)
            assert len(there.asked) == looks
        assert (await site.look(there.url, only="fed")).looked_at == ["fed"]


async def test_a_feed_that_failed_is_tried_again_before_its_rhythm(site: Site) -> None:
    async with web() as there:
        there.status = 503
        await site.look(there.url, refresh="6h")
        there.status, site.now = 200, NOW + 15 * MINUTE
        assert (await site.look(there.url, refresh="6h")).changed == ["fed"]
        site.now = NOW + 60 * MINUTE
        assert (await site.look(there.url, refresh="6h")).looked_at == []


async def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    async with web() as there:
        there.headers = {"ETag": '"v1"', "Last-Modified": "Mon, 02 Mar 2026 08:00:00 GMT"}
        await site.look(there.url)
        there.status, site.now = 304, NOW + 15 * MINUTE
        report = await site.look(there.url)
        assert there.asked[1]["if-none-match"] == '"v1"'
        assert there.asked[1]["if-modified-since"] == "Mon, 02 Mar 2026 08:00:00 GMT"
        assert (report.changed, report.failed, site.served()) == ([], {}, (["ana"], ""))


async def test_a_feed_that_changes_says_so(site: Site) -> None:
    async with web() as there:
        await site.look(there.url)
        before = site.store.roster_revision()
        there.body, site.now = calendar("Bruno"), NOW + 15 * MINUTE
        assert (await site.look(there.url)).changed == ["fed"]
        (found,) = site.store.changes(site.now, site.now + MINUTE).imported
        assert ([slot.person for slot in found.shifts], found.stale) == (["bruno"], "")
        assert site.store.roster_revision() != before


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda there: setattr(there, "status", 503), "It answers with HTTP 503."),
        (lambda there: setattr(there, "body", b"<html>log in</html>"), "It is no calendar"),
        (lambda there: setattr(there, "body", b"x" * (fetching.LARGEST + 1)), "It is larger than 4 MiB."),
        (lambda there: setattr(there, "body", calendar()[:-20]), "It breaks off before its end"),
        (lambda there: setattr(there, "body", EMPTY), "It names nobody from now on, and said 1 shift before."),
        (lambda there: setattr(there, "body", calendar("Zoe")), "nobody of people.yaml is called Zoe"),
        (lambda there: setattr(there, "body", calendar().replace(b"DTEND:2", b"DTEND:x")), "its DTEND cannot be read"),
    ],
    ids=["refused", "no calendar", "too large", "breaks off", "empty", "a stranger", "nonsense"],
)
async def test_a_feed_that_fails_serves_what_it_last_said(
    site: Site, break_it: Callable[[Web], None], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with web() as there:
        await site.look(there.url)
        break_it(there)
        site.now = NOW + 15 * MINUTE
        with caplog.at_level(logging.WARNING):
            report = await site.look(there.url)
        assert says in report.failed["fed"]
        people, stale = site.served()
        assert people == ["ana"]
        assert says in stale
        assert SECRET not in caplog.text + stale


async def test_a_feed_that_is_made_anew_with_other_ids_changes_nothing(site: Site) -> None:
    async with web() as there:
        await site.look(there.url)
        there.body, site.now = calendar().replace(b"UID:1", b"UID:7f3a"), NOW + 15 * MINUTE
        assert (await site.look(there.url)).changed == []
        assert site.served() == (["ana"], "")


async def test_an_empty_feed_is_taken_once_somebody_accepts_it(site: Site) -> None:
    async with web() as there:
        await site.look(there.url)
        there.body, site.now = EMPTY, NOW + 15 * MINUTE
        await site.look(there.url)
        chloe = Actor(kind="person", id="chloe")
        configuration = site.configured(there.url, "15m")
        await refresh_feeds(configuration, site.store, now=lambda: site.now, only="fed", accepted_by=chloe)
        (found,) = site.store.changes(NOW, NOW + timedelta(days=1)).imported
        assert [(slot.person, slot.end) for slot in found.shifts] == [("ana", site.now)]
        assert found.stale == ""


async def test_a_server_that_is_gone_is_no_surprise(site: Site) -> None:
    report = await site.look(f"http://127.0.0.1:1/{SECRET}.ics")
    assert report.failed == {"fed": "It cannot be reached: ConnectError."}
    assert site.store.changes(NOW, NOW + MINUTE).imported == ()


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fetching, "WITHIN", 0.2)
    async with web() as there:
        there.slow = asyncio.Event()
        with pytest.raises(FeedError, match=r"did not answer within 0\.2 s"):
            await fetch(there.url, tmp_path)
        there.slow.set()


async def test_another_address_is_read_at_once_and_the_old_serves_until_it_answers(site: Site) -> None:
    async with web() as there:
        await site.look(there.url)
        report = await site.look("http://127.0.0.1:1/new.ics")
        assert list(report.failed) == ["fed"]
        assert site.served()[0] == ["ana"]
        there.body = calendar("Bruno")
        site.now = NOW + MINUTE
        assert (await site.look(f"{there.url}?other")).changed == ["fed"]
        # What the old one said of the time before stays.
        assert site.served() == (["ana", "bruno"], "")


async def test_a_file_beside_the_configuration_is_a_feed(site: Site) -> None:
    feeds = site.directory / "config" / "feeds"
    feeds.mkdir(parents=True)
    (feeds / "team.ics").write_bytes(calendar())
    assert (await site.look("feeds/team.ics")).changed == ["fed"]
    (feeds / "team.ics").unlink()
    site.now = NOW + 15 * MINUTE
    assert (await site.look("feeds/team.ics")).failed == {"fed": "The file cannot be read: no such file or directory."}
    assert site.served()[0] == ["ana"]


async def test_whom_nobody_knows_is_kept_to_be_told(site: Site) -> None:
    async with web() as there:
        there.body = calendar("Zoe Nobody")
        await site.look(there.url)
        assert site.store.feeds()[0].unknown == ("Zoe Nobody",)
        assert site.served() == ([], "")


def test_a_feed_that_is_read_rarely_is_not_stale_for_that() -> None:
    assert looked_at_within(Feed(url="x.ics", refresh=timedelta(hours=6))) == timedelta(hours=12)
    assert looked_at_within(Feed(url="x.ics", refresh=MINUTE)) == 30 * MINUTE
