"""A mail server and a webhook receiver that really receive, and keep what they got."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from activities.signatures import MESSAGE_ID_HEADER, SignatureError, verify
from escalade.errors import EscaladeError

try:
    from aiosmtpd.controller import Controller
except ModuleNotFoundError:
    raise EscaladeError(
        "The demo needs the package aiosmtpd for its mail server.", mend="Install it: pip install 'escalade[embedded]'"
    ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as a receiver saw it."""

    at: datetime
    way: str
    """`mail`, `chat` or `sms`."""
    to: str
    subject: str
    message_id: str
    ticket: str
    refused: str = ""
    """What the receiver answered when it did not take it."""
    signed: bool | None = None
    """Whether the signature was right; None for mail, which has none."""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass
class Post:
    """All that was received, in order, by every receiver."""

    keep_in: Path
    secret: str
    received: list[Received] = field(default_factory=list)
    sms_has_credit: bool = False
    mail_port: int = 0
    web: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, received: Received, raw: bytes, suffix: str) -> None:
        """Keep a message, as an object and as a file."""
        with self._lock:
            self.received.append(received)
            number = len(self.received)
            name = f"{number:03}-{received.way}-{received.to.partition('@')[0]}{suffix}"
            # What was refused was not delivered; it is kept to be looked at all the same.
            (self.keep_in / (f"{name}.refused" if received.refused else name)).write_bytes(raw)

    def taken(self) -> list[Received]:
        """Those that were accepted."""
        with self._lock:
            return [one for one in self.received if not one.refused]


class _Mail:
    """The handler of the mail server."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        raw: bytes = envelope.content
        mail = message_from_bytes(raw, policy=default)
        received = Received(
            at=datetime.now(UTC),
            way="mail",
            to=str(mail["To"]),
            subject=str(mail["Subject"]),
            message_id=str(mail["Message-ID"]).strip("<>").partition("@")[0],
            ticket=str(mail["X-Escalade-Ticket"]),
        )
        self._post.take(received, raw, ".eml")
        return "250 taken"


class _FreePort(Controller):
    """Asks the system for a port: the controller connects to itself to see that it is up."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _handler(post: Post) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Takes signed webhooks; `/sms/…` stands for a gateway that may be out of credit."""

        def do_POST(self) -> None:
            """Check the signature, keep the message, answer."""
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            _, way, to = self.path.split("/", 2)
            try:
                verify(raw, dict(self.headers), secrets=[post.secret], now=datetime.now(UTC))
                signed, refused = True, ""
            except SignatureError as error:
                signed, refused = False, f"401 {error}"
            if not refused and way == "sms" and not post.sms_has_credit:
                refused = "402 no credit left"
            said = json.loads(raw) if signed else {}
            received = Received(
                at=datetime.now(UTC),
                way=way,
                to=to,
                subject=said.get("subject", ""),
                message_id=self.headers.get(MESSAGE_ID_HEADER, ""),
                ticket=said.get("ticket", ""),
                refused=refused,
                signed=signed,
                data=said.get("data", {}),
            )
            post.take(received, raw, ".json")
            self._answer(int(refused[:3] or 200) if refused else 200, refused[4:] or "taken")

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: the screen is not ours."""

    return Handler


@contextmanager
def receivers(keep_in: Path, secret: str) -> Iterator[Post]:
    """Receive mail and webhooks on free ports of this machine, for the length of a block.

    Args:
        keep_in: where every message is kept as a file.
        secret: what webhooks have to be signed with.
    """
    keep_in.mkdir(parents=True, exist_ok=True)
    post = Post(keep_in, secret)
    mail = _FreePort(_Mail(post), hostname="127.0.0.1", port=0)
    mail.start()
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(post))
    web.daemon_threads = True
    serving: Callable[[], None] = lambda: web.serve_forever(poll_interval=0.05)  # noqa: E731 - a thread's target
    thread = threading.Thread(target=serving, name="webhooks", daemon=True)
    thread.start()
    post.mail_port, post.web = mail.port, f"http://127.0.0.1:{web.server_address[1]}"
    try:
        yield post
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
        mail.stop()
