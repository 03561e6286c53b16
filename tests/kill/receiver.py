"""A webhook receiver that really receives: it checks signatures, counts message ids, and can leave one in the air."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from activities.signatures import MESSAGE_ID_HEADER, verify

SECRET = "kill-tests"
SECRET_NAME = "KILL_TESTS_SECRET"


@dataclass(frozen=True)
class Got:
    """A message as it arrived; whether its sender ever learned of that is another matter."""

    at: datetime
    to: str
    message_id: str
    ticket: str
    purpose: str
    rung: int
    round: int


@dataclass
class Receiver:
    """Where people's pages go: `<url>/<person>`."""

    url: str = ""
    held: set[str] = field(default_factory=set)
    """People whose messages are taken and not answered, until `release`."""
    _got: list[Got] = field(default_factory=list)
    _answered: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, got: Got) -> threading.Event | None:
        """Keep a message; what to wait for before it is answered."""
        with self._lock:
            self._got.append(got)
            return self._answered if got.to in self.held else None

    def hold(self, *people: str) -> None:
        """Leave the messages to these people in the air from now on."""
        with self._lock:
            self.held |= set(people)
            self._answered = threading.Event()

    def release(self) -> None:
        """Answer everything, and from now on at once."""
        with self._lock:
            self.held.clear()
            self._answered.set()

    def got(self, ticket: str, *, to: str | None = None) -> list[Got]:
        """What arrived about a ticket, in order."""
        with self._lock:
            return [got for got in self._got if got.ticket == ticket and to in (None, got.to)]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            now = datetime.now(UTC)
            # An exception here is an answer that never comes, and the page counts as lost: that is what it is.
            verify(raw, dict(self.headers), secrets=[SECRET], now=now)
            said = json.loads(raw)
            brief = said["data"]["ticket"]
            wait = receiver.take(
                Got(
                    at=now,
                    to=self.path.rpartition("/")[2],
                    message_id=self.headers[MESSAGE_ID_HEADER],
                    ticket=said["ticket"],
                    purpose=said["data"]["purpose"],
                    rung=brief["rung"],
                    round=brief["round"],
                )
            )
            if wait is not None:
                wait.wait(60)
            with suppress(OSError):  # whoever sent it may be dead by now
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Receive on a free port for the length of a block."""
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="receiver", daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        receiver.release()
        server.shutdown()
        thread.join()
        server.server_close()
