from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from activities.channels import CHANNELS, AppriseChannel, ConsoleChannel, SmtpChannel, WebhookChannel
from activities.channels.apprise import AppriseSettings
from activities.channels.console import ConsoleSettings
from activities.channels.smtp import SmtpSettings
from activities.channels.webhook import WebhookSettings
from activities.signatures import SignatureError, verify
from escalade.errors import ChannelError
from escalade.extension import Channel, Message
from tests.activities.sinks import TLS, HttpSink, MailSink, mail_sink

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MESSAGE = Message(
    id="0123456789abcdef0123456789abcdef",
    subject="[sev1] Card payments fail (primary, abcdefghij)",
    text="Card payments fail.\n\nÀ bientôt\n",
    html="<p>Card payments fail.</p>",
    short="Card payments fail",
    severity="sev1",
    ticket="abcdefghij",
)


def smtp(port: int, **more: object) -> SmtpChannel:
    settings = {"host": "localhost", "port": port, "security": "none", "sender": "pager@example.org", **more}
    return SmtpChannel(SmtpSettings.model_validate(settings), now=lambda: NOW)


def webhook(**settings: object) -> WebhookChannel:
    return WebhookChannel(WebhookSettings.model_validate(settings), now=lambda: NOW)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def refusal(channel: Channel, address: str, message: Message = MESSAGE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await channel.send(message, address)
    return caught.value


def test_the_built_in_channels_are_found_by_what_use_says() -> None:
    assert list(CHANNELS) == ["console", "smtp", "webhook", "apprise"]
    assert all(kind.use == use for use, kind in CHANNELS.items())


async def test_the_console_appends_one_readable_block_per_message(tmp_path: Path) -> None:
    channel = ConsoleChannel(ConsoleSettings(path=tmp_path / "made" / "pages.txt"))
    first, second = MESSAGE, MESSAGE.model_copy(update={"id": "second"})
    await asyncio.gather(channel.send(first, "ana"), channel.send(second, "bob"))
    written = (tmp_path / "made" / "pages.txt").read_text()
    assert "to       ana\nid       0123456789abcdef0123456789abcdef\nsubject  [sev1] Card payments fail" in written
    assert "to       bob\nid       second\n" in written
    assert written.count("À bientôt") == 2


async def test_the_console_writes_to_standard_error_without_a_path(capfd: pytest.CaptureFixture[str]) -> None:
    await ConsoleChannel(ConsoleSettings(path=None)).send(MESSAGE, "ana")
    assert "subject  [sev1] Card payments fail" in capfd.readouterr().err


async def test_a_console_file_that_cannot_be_written_is_a_refusal(tmp_path: Path) -> None:
    assert "cannot be written" in str(await refusal(ConsoleChannel(ConsoleSettings(path=tmp_path)), "ana"))


async def test_a_mail_arrives_whole_and_carries_the_message_id(mail: MailSink) -> None:
    delivery = await smtp(mail.port).send(MESSAGE, "ana@example.org")
    (arrived,) = mail.mails
    assert delivery.outcome == "accepted"
    assert arrived["Message-ID"] == delivery.provider_id == "<0123456789abcdef0123456789abcdef@example.org>"
    assert arrived["Subject"] == MESSAGE.subject
    assert (arrived["From"], arrived["To"]) == ("pager@example.org", "ana@example.org")
    assert arrived["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert arrived["X-Escalade-Ticket"] == "abcdefghij"
    text, html = arrived.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert "<p>Card payments fail.</p>" in html.get_content()


async def test_a_mail_server_that_says_4xx_may_take_it_later(mail: MailSink) -> None:
    mail.answers["ana@example.org"] = ["451 greylisted, try later"]
    error = await refusal(smtp(mail.port), "ana@example.org")
    assert not error.permanent
    assert "451 greylisted" in str(error)


async def test_a_mail_server_that_says_5xx_never_takes_it(mail: MailSink) -> None:
    mail.answers["gone@example.org"] = ["550 no such user"]
    error = await refusal(smtp(mail.port), "gone@example.org")
    assert error.permanent
    assert "550 no such user" in str(error)
    assert mail.mails == []


async def test_a_mail_taken_is_taken_whatever_the_goodbye_says(mail: MailSink) -> None:
    mail.goodbye = "421 going down"
    assert (await smtp(mail.port).send(MESSAGE, "ana@example.org")).outcome == "accepted"


async def test_of_a_mail_that_the_server_has_and_says_nothing_of_nobody_can_say(mail: MailSink) -> None:
    mail.is_mute = True
    sent = await smtp(mail.port).send(MESSAGE, "ana@example.org")
    assert (sent.outcome, "did not say" in sent.detail) == ("unknown", True)
    assert len(mail.mails) == 1


async def test_a_mail_server_that_hangs_up_before_it_has_the_mail_may_take_it_later(mail: MailSink) -> None:
    mail.answers["ana@example.org"] = ["421 closing"]
    error = await refusal(smtp(mail.port), "ana@example.org")
    assert not error.permanent
    assert mail.mails == []


async def test_a_mail_server_that_is_away_may_come_back() -> None:
    assert not (await refusal(smtp(free_port()), "ana@example.org")).permanent


async def test_a_mail_server_without_starttls_is_never_given_the_mail_in_the_clear(mail: MailSink) -> None:
    error = await refusal(smtp(mail.port, security="starttls"), "ana@example.org")
    assert error.permanent
    assert mail.mails == []


async def test_mail_goes_over_starttls_with_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    with mail_sink(starttls=True) as sink:
        channel = smtp(sink.port, security="starttls", username="escalade", password=SecretStr("right"))
        assert (await channel.send(MESSAGE, "ana@example.org")).outcome == "accepted"
        assert sink.logins == [("escalade", "right")]
        assert len(sink.mails) == 1


async def test_mail_goes_over_tls_from_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    with mail_sink(tls=True) as sink:
        assert (await smtp(sink.port, security="tls").send(MESSAGE, "ana@example.org")).outcome == "accepted"
        assert len(sink.mails) == 1


async def test_a_mail_server_with_an_untrusted_certificate_gets_no_password() -> None:
    with mail_sink(starttls=True) as sink:
        channel = smtp(sink.port, security="starttls", username="escalade", password=SecretStr("right"))
        error = await refusal(channel, "ana@example.org")
        assert error.permanent
        assert "certificate" in str(error).lower()
        assert sink.logins == []


async def test_a_refused_login_is_permanent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    with mail_sink(starttls=True) as sink:
        channel = smtp(sink.port, security="starttls", username="escalade", password=SecretStr("wrong"))
        error = await refusal(channel, "ana@example.org")
    assert error.permanent
    assert "wrong" not in str(error)


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@", "@example.org", "a b@example.org", "ana@example.org\nBcc: x@y.z"]
)
def test_what_is_no_email_address_is_refused_before_anything_is_sent(address: str) -> None:
    assert smtp(25).check_address(address)


def test_an_email_address_is_accepted() -> None:
    assert smtp(25).check_address("ana.lopez+pages@example.org") is None


def test_a_sender_that_is_no_address_is_refused_with_the_settings() -> None:
    with pytest.raises(ValidationError, match=r"write it like ana@example\.org"):
        SmtpSettings(host="localhost", sender="Escalade")


async def test_a_webhook_is_signed_so_that_its_receiver_can_check_it(web: HttpSink) -> None:
    channel = webhook(url=f"{web.url}/hook", secrets=["old", "new"])
    delivery = await channel.send(MESSAGE, "")
    (request,) = web.received
    assert (delivery.outcome, delivery.detail) == ("accepted", "200 thank you")
    assert request.path == "/hook"
    assert request.headers["Escalade-Signature"].count("v1=") == 2
    assert verify(request.body, request.headers, secrets=["new"], now=NOW) == MESSAGE.id
    assert verify(request.body, request.headers, secrets=["old"], now=NOW) == MESSAGE.id
    assert Message.model_validate_json(request.body) == MESSAGE


async def test_a_webhook_without_a_secret_carries_no_signature(web: HttpSink) -> None:
    await webhook().send(MESSAGE, web.url)
    (request,) = web.received
    assert request.headers["Escalade-Message-Id"] == MESSAGE.id
    with pytest.raises(SignatureError, match="no v1 signature"):
        verify(request.body, request.headers, secrets=["new"], now=NOW)


@pytest.mark.parametrize("status", [302, 400, 404, 410])
async def test_a_webhook_refused_for_good_is_permanent(web: HttpSink, status: int) -> None:
    web.answers = [(status, {"Location": f"{web.url}/elsewhere"}, "no such\x1b[31m hook\nsecond line")]
    error = await refusal(webhook(), web.url)
    assert error.permanent
    assert str(error) == f"127.0.0.1 said {status} no such[31m hook."
    assert len(web.received) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_webhook_that_is_busy_may_take_it_later(web: HttpSink, status: int) -> None:
    web.answers = [(status, {"Retry-After": "7"}, "")]
    error = await refusal(webhook(), web.url)
    assert not error.permanent
    assert error.retry_after == timedelta(seconds=7)


async def test_a_retry_date_is_counted_from_now(web: HttpSink) -> None:
    web.answers = [(503, {"Retry-After": "Mon, 02 Mar 2026 09:00:30 GMT"}, "")]
    assert (await refusal(webhook(), web.url)).retry_after == timedelta(seconds=30)


async def test_an_unreachable_webhook_may_come_back_and_its_error_keeps_the_token() -> None:
    error = await refusal(webhook(), f"http://127.0.0.1:{free_port()}/token-4711")
    assert not error.permanent
    assert "4711" not in str(error)


async def test_of_a_webhook_that_has_the_call_and_does_not_answer_nobody_can_say(web: HttpSink) -> None:
    release = threading.Event()
    web.arrived = lambda received: release.wait(10)
    try:
        sent = await webhook(timeout="0.3s").send(MESSAGE, web.url)
    finally:
        release.set()
    assert sent.outcome == "unknown"
    assert "did not answer within 0.3 s; it may have the message" in sent.detail


async def _server(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/pages"


async def _whole_call(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))


async def test_of_a_webhook_that_hangs_up_once_it_has_the_call_nobody_can_say() -> None:
    async def hangs_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await _whole_call(reader)

    async with await _server(hangs_up) as server:
        sent = await webhook().send(MESSAGE, _url(server))
    assert (sent.outcome, "gave no answer" in sent.detail) == ("unknown", True)


async def test_a_webhook_that_never_got_the_call_was_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_never_found(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", is_never_found)
    error = await refusal(webhook(timeout="0.3s"), "http://pages.example.org")
    assert str(error) == "pages.example.org did not answer within 0.3 s."
    assert not error.permanent


@pytest.mark.parametrize("ends", [True, False])
async def test_a_webhook_that_says_yes_and_breaks_off_has_answered(*, ends: bool) -> None:
    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _whole_call(reader)
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99\r\n\r\n")
        await writer.drain()
        if not ends:
            await reader.read()

    async with await _server(breaks_off) as server:
        sent = await webhook(timeout="0.3s").send(MESSAGE, _url(server))
    assert (sent.outcome, sent.detail) == ("accepted", "202")


@pytest.mark.parametrize(
    "address", ["ftp://example.org", "example.org", "http://", "https://exa mple.org", "http://h:99999"]
)
def test_what_is_no_url_is_refused(address: str) -> None:
    assert webhook().check_address(address)


def test_a_webhook_without_any_url_is_refused_by_the_address_check() -> None:
    assert webhook().check_address("")
    assert webhook(url="https://example.org").check_address("") is None


async def test_apprise_delivers_to_any_url_it_knows(web: HttpSink) -> None:
    channel = AppriseChannel(AppriseSettings())
    address = web.url.replace("http://", "json://") + "/pages"
    assert channel.check_address(address) is None
    assert (await channel.send(MESSAGE, address)).outcome == "accepted"
    (request,) = web.received
    assert request.path.startswith("/pages")
    assert b"Card payments fail" in request.body


async def test_apprise_puts_the_address_into_the_shared_url(web: HttpSink) -> None:
    url = web.url.replace("http://", "json://") + "/to/{address}"
    channel = AppriseChannel(AppriseSettings(url=SecretStr(url), short=True))
    await channel.send(MESSAGE, "+33 6/x")
    (request,) = web.received
    assert "/to/+33%206%2Fx" in request.path or "/to/%2B33%206%2Fx" in request.path
    assert b"bient" not in request.body


async def test_what_apprise_could_not_deliver_is_a_refusal_that_names_no_secret(web: HttpSink) -> None:
    web.answers = [(500, {}, "")]
    error = await refusal(AppriseChannel(AppriseSettings()), web.url.replace("http://", "json://u:hunter2@"))
    assert not error.permanent
    assert "hunter2" not in str(error)


async def test_a_url_that_apprise_does_not_know_is_refused_without_repeating_it() -> None:
    channel = AppriseChannel(AppriseSettings())
    wrong = channel.check_address("nothing://hunter2")
    assert wrong is not None
    assert "hunter2" not in wrong
    assert (await refusal(channel, "nothing://hunter2")).permanent


def test_an_address_that_a_shared_apprise_url_would_ignore_is_refused() -> None:
    assert AppriseChannel(AppriseSettings(url=SecretStr("json://localhost"))).check_address("ana")
    assert AppriseChannel(AppriseSettings(url=SecretStr("json://localhost"))).check_address("") is None


def test_settings_never_show_their_secrets() -> None:
    shown = repr(
        [
            SmtpSettings(host="h", sender="a@b.c", password=SecretStr("hunter2")),
            WebhookSettings(secrets=[SecretStr("hunter2")]),
            AppriseSettings(url=SecretStr("json://hunter2")),
        ]
    )
    assert "hunter2" not in shown
