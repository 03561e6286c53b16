"""Email by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from activities.channels.threads import Threads
from escalade.errors import ChannelError
from escalade.extension import Channel, Delivery, Message
from escalade.time.durations import Duration

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _wrong_address(address: str) -> str | None:
    if not address.isascii() or not address.isprintable():
        return f"{address!r} has characters that SMTP servers refuse; write it in ASCII"
    local, at, domain = parseaddr(address)[1].rpartition("@")
    if not at or not local or not domain or parseaddr(address)[1] != address or " " in address:
        return f"{address!r} is not an email address; write it like ana@example.org"
    try:
        Address(addr_spec=address)
    except (HeaderParseError, ValueError, IndexError):
        return f"{address!r} is not an email address; write it like ana@example.org"
    return None


class SmtpSettings(BaseModel):
    """The mail server, and who the mail comes from."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1, description="The mail server's name or address.")
    port: int | None = Field(None, ge=1, le=65535, description="587 with starttls, 465 with tls, 25 with none.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls` and `tls` check the server's certificate; `none` is for a relay next door."
    )
    username: str = Field("", description="Who logs in; nobody does without it.")
    password: SecretStr = Field(SecretStr(""), description="The password that goes with `username`.")
    sender: str = Field(description="The address the mail comes from.")
    timeout: Duration = Field(timedelta(seconds=10), description="How long one answer of the server may take.")

    @field_validator("sender")
    @classmethod
    def _sendable(cls, value: str) -> str:
        if wrong := _wrong_address(value):
            raise ValueError(wrong)
        return value


class SmtpChannel(Channel):
    """Sends each message as one mail with a text and an HTML part."""

    use: ClassVar[str] = "smtp"
    Settings: ClassVar[type[BaseModel]] = SmtpSettings

    def __init__(self, settings: SmtpSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings = settings
        self._now = now
        self._threads = Threads("smtp", most=16)

    def check_address(self, address: str) -> str | None:
        """Why this is no email address."""
        return _wrong_address(address)

    async def send(self, message: Message, address: str) -> Delivery:
        """Hand the mail to the server; of one that it has, and did not answer, nobody can say what became.

        Raises:
            ChannelError: when the server is away, or did not take it; `permanent` for answers of the 500s.
        """
        if wrong := _wrong_address(address):
            raise ChannelError(f"{wrong}.", permanent=True)
        mail = self._compose(message, address)
        return await self._threads.run(lambda: self._deliver(mail, address))

    def _compose(self, message: Message, address: str) -> EmailMessage:
        sender = self._settings.sender
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = message.subject
        mail["From"] = sender
        mail["To"] = address
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # keeps out-of-office replies away
        mail["X-Escalade-Ticket"] = message.ticket
        if message.severity in ("sev1", "sev2"):
            mail["Importance"] = "high"
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail

    def _deliver(self, mail: EmailMessage, address: str) -> Delivery:
        message_id = str(mail["Message-ID"])
        handed: list[bool] = []
        try:
            server = self._connect(lambda: handed.append(True))
            try:
                server.send_message(mail, from_addr=self._settings.sender, to_addrs=[address])
            finally:
                _leave(server)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[address]
            raise _refused(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (ssl.SSLCertVerificationError, smtplib.SMTPNotSupportedError) as error:
            raise ChannelError(f"The mail server cannot be used: {error}.", permanent=True) from error
        except (OSError, smtplib.SMTPException) as error:  # SMTPServerDisconnected has no code
            if handed:
                detail = f"The mail server has the mail, and did not say what it does with it: {error}."
                return Delivery(outcome="unknown", provider_id=message_id, detail=detail)
            raise ChannelError(f"The mail server cannot be reached: {error}.") from error
        return Delivery(outcome="accepted", provider_id=message_id)

    def _connect(self, handed_over: Callable[[], None]) -> smtplib.SMTP:
        chosen = self._settings
        port = chosen.port or _PORTS[chosen.security]
        timeout = chosen.timeout.total_seconds()
        if chosen.security == "tls":
            server: _Server | _TlsServer = _TlsServer(
                chosen.host, port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            server = _Server(chosen.host, port, timeout=timeout)
        server.handed_over = handed_over
        try:
            if chosen.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if chosen.username:
                server.login(chosen.username, chosen.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


class _Handing:
    """Tells when a mail was sent to the last byte: before that the server cannot have it."""

    handed_over: Callable[[], None] = staticmethod(lambda: None)

    def send(self, s: Any) -> None:
        """Send a command, or a mail: that is what is sent as bytes with the full stop that ends it."""
        super().send(s)  # type: ignore[misc]  # of smtplib's class, which is the next
        if isinstance(s, bytes) and s.endswith(b"\r\n.\r\n"):
            self.handed_over()


class _Server(_Handing, smtplib.SMTP):
    """A mail server."""


class _TlsServer(_Handing, smtplib.SMTP_SSL):
    """A mail server that speaks TLS from the first byte."""


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye. What the server answers no longer matters: the mail was taken or refused before."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _refused(code: int, said: bytes | str) -> ChannelError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    line = " ".join(text.split())[:200]
    return ChannelError(f"The mail server said {code} {line}.", permanent=500 <= code < 600)
