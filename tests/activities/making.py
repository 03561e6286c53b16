"""Configurations, page requests and everything around them, for the tests of activities."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.attempt import Patience
from activities.channels import CHANNELS
from activities.implementations import Activities
from configuration import Live
from escalade.messages.activities import JournalBatch, PagePerson, PageRequest, Receipt, TicketBrief
from escalade.people.resolve import ContactPlan
from escalade.record import Entry
from escalade.ticket import SYSTEM, Severity, Status
from store import Store
from tests.activities.sinks import HttpSink, MailSink, Received

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = "abcdefghij"
LIFE = "11111111-1111-1111-1111-111111111111"
ROUND = "22222222-2222-2222-2222-222222222222.7"

EAGER = Patience(
    pauses=(timedelta(0), timedelta(0)),
    attempt=timedelta(seconds=10),
    crossing=timedelta(seconds=10),
    store=timedelta(seconds=10),
)
"""Tries again at once, and never gives up because this machine is busy."""

_ESCALADE = """
catch_all: channel:room
default_policy: only
channels:
  mail: {{use: smtp, host: 127.0.0.1, port: {port}, security: none, sender: pager@example.org}}
  hook: {{use: webhook, url: {url}, secrets: ["${{SECRET}}"]}}
  file: {{use: console, path: {file}}}
places:
  room: {{channel: file, address: "#room"}}
"""

PEOPLE = """
people:
  ana:
    name: Ana Lopez
    time_zone: Europe/Paris
    logins: [ana@example.org]
    methods:
      mail: {channel: mail, address: ana@example.org}
      hook: {channel: hook, address: ""}
      file: {channel: file, address: ana}
  bruno:
    name: Bruno
    language: fr
    time_zone: Asia/Tokyo
    methods:
      mail: {channel: mail, address: bruno@example.org}
      file: {channel: file, address: bruno}
teams:
  both: {members: [ana, bruno]}
"""

_POLICY = """
policy: only
tiers:
  - {name: primary, page: ["team:both"], acknowledge_within: 15m}
"""


@dataclass
class Place:
    """A configured worker's activities, with what they talk to."""

    directory: Path
    live: Live
    store: Store
    activities: Activities
    pages: Path
    """What the console channel wrote."""


def configure(directory: Path, *, port: int, url: str, people: str = PEOPLE) -> Live:
    """Write a configuration directory and load it."""
    config = directory / "config"
    (config / "policies").mkdir(parents=True, exist_ok=True)
    (config / "escalade.yaml").write_text(_ESCALADE.format(port=port, url=url, file=directory / "pages.txt"))
    (config / "people.yaml").write_text(people)
    (config / "policies" / "only.yaml").write_text(_POLICY)
    return Live(config, env={"SECRET": "s3cret"}, channels=CHANNELS, steps={})


@contextmanager
def place(
    directory: Path, mail: MailSink, web: HttpSink, *, store: Store | None = None, **more: Any
) -> Iterator[Place]:
    """Activities over a store of SQLite, unless another is given."""
    live = configure(directory, port=mail.port, url=f"{web.url}/hook")
    opened = store or Store.open(f"sqlite:///{directory / 'store.db'}", now=lambda: NOW)
    options: dict[str, Any] = {"channels": CHANNELS, "now": lambda: NOW, "patience": EAGER} | more
    activities = Activities(live, opened, **options)
    try:
        yield Place(directory, live, opened, activities, directory / "pages.txt")
    finally:
        activities.close()
        opened.close()


def plan(method: str, step: int = 0) -> ContactPlan:
    return ContactPlan(step=step, method=method, channel=method)


def person(name: str, *methods: str, fallbacks: tuple[str, ...] = (), why: str = "member of team:both") -> PagePerson:
    return PagePerson(
        target=name if ":" in name else f"person:{name}",
        why=why,
        methods=[plan(method, step) for step, method in enumerate(methods)],
        fallbacks=[plan(method, -1) for method in fallbacks],
    )


def brief(**given: Any) -> TicketBrief:
    values: dict[str, Any] = {
        "key": KEY,
        "life": LIFE,
        "title": "Card payments fail",
        "description": "Every third card is refused.\nSince the last deployment.",
        "severity": Severity.SEV1,
        "status": Status.TRIAGE,
        "service": "payments",
        "policy": "only",
        "tier": "primary",
        "tier_number": 1,
        "rung": 1,
        "round": 2,
        "opened_at": NOW - timedelta(minutes=5),
        "acknowledge_by": NOW + timedelta(minutes=10),
    }
    return TicketBrief.model_validate(values | given)


def request(*people: PagePerson, **given: Any) -> PageRequest:
    values: dict[str, Any] = {"round_id": ROUND, "brief": brief(), "scheduled_at": NOW}
    return PageRequest.model_validate(values | given | {"people": list(people)})


def waiting(*texts: str) -> JournalBatch:
    """Entries that a page takes along."""
    entries = [
        Entry(
            entry_id=f"{LIFE}/{n}",
            stream=f"ticket/{KEY}",
            life=LIFE,
            at=NOW,
            actor=SYSTEM,
            kind="ticket.noted",
            what=text,
        )
        for n, text in enumerate(texts, 1)
    ]
    return JournalBatch(stream=f"ticket/{KEY}", life=LIFE, entries=entries)


def outcomes(receipts: list[Receipt]) -> dict[str, str]:
    """`ana by mail` → outcome."""
    return {f"{r.target.partition(':')[2]} by {r.method}": r.outcome for r in receipts}


@dataclass
class Held:
    """Requests that arrive at an HTTP sink and get no answer until they are released."""

    _arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _released: threading.Event = field(default_factory=threading.Event)

    def __call__(self, received: Received) -> None:
        self._arrived.release()
        self._released.wait(30)

    async def arrived(self, *, times: int = 1) -> None:
        """Wait until so many requests are in the air."""
        for _ in range(times):
            assert await asyncio.to_thread(self._arrived.acquire, timeout=30)

    def release(self) -> None:
        """Answer them."""
        self._released.set()


@contextmanager
def held(web: HttpSink) -> Iterator[Held]:
    """Hold back every answer of this sink."""
    hold = Held()
    web.arrived = hold
    try:
        yield hold
    finally:
        hold.release()
