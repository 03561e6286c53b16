"""Receivers that really receive: a mail server and an HTTP server, each on a port of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

TLS = Path(__file__).parent / "tls"


def server_context() -> ssl.SSLContext:
    """TLS as `localhost`, with a certificate that nobody trusts unless told to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return context


@dataclass
class MailSink:
    """A mail server that keeps what it gets, and answers as told."""

    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    """By recipient: what RCPT answers, one after the other; then it accepts."""
    goodbye: str = "221 Bye"
    is_mute: bool = False
    """Takes mails and does not say so."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    controller: Controller | None = None

    @property
    def port(self) -> int:
        assert self.controller is not None
        return self.controller.port

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answers = self.answers.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.raw.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        if self.is_mute and server.transport is not None:
            server.transport.close()
        return "250 taken as 7F3A"

    async def handle_QUIT(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        return self.goodbye

    def authenticate(
        self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def mail_sink(*, starttls: bool = False, tls: bool = False) -> Iterator[MailSink]:
    """A mail server on a free port of this machine; with `starttls` it wants a login, whose password is `right`."""
    sink = MailSink()
    options: dict[str, Any] = {"port": 0, "hostname": "127.0.0.1"}
    if starttls:
        options |= {"tls_context": server_context(), "require_starttls": True}
        options |= {"authenticator": sink.authenticate, "auth_required": True, "auth_exclude_mechanism": ["LOGIN"]}
    if tls:
        options |= {"ssl_context": server_context()}
    # Port 0: the controller asks the system, and connects to itself to see that it is up.
    sink.controller = _FreePort(sink, **options)
    sink.controller.start()
    try:
        yield sink
    finally:
        sink.controller.stop()


class _FreePort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@dataclass
class Received:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpSink:
    """An HTTP server that keeps what it gets, and answers as told."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    """Status, headers and body, one after the other; then 200."""
    arrived: Callable[[Received], object] = lambda received: None
    """Called in the server's thread before it answers; blocking here holds the answer back."""


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    """An HTTP server on a free port of this machine."""
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            received = Received(self.path, dict(self.headers), body)
            sink.received.append(received)
            sink.arrived(received)
            status, headers, text = sink.answers.pop(0) if sink.answers else (200, {}, "thank you\nmore")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """The other side has given up waiting."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
