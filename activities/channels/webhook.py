"""Signed HTTP calls to another system."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from activities.signatures import signed_headers
from escalade.errors import ChannelError
from escalade.extension import Channel, Delivery, Message
from escalade.time.durations import Duration

_READ_AT_MOST = 4096
_NOT_FINAL = frozenset({408, 425, 429})
"""Refusals of the 400s that another attempt may overcome."""


def _wrong_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if not whole or not url.isprintable() or " " in url:
        return "is not a URL; write it like https://example.org/pages"
    return None


class WebhookSettings(BaseModel):
    """Where calls go and how they are signed."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field("", description="Used for those whose contact method has no address.")
    secrets: list[SecretStr] = Field(
        default_factory=list,
        max_length=4,
        description="Each makes one signature; list the new one next to the old one while you rotate.",
    )
    timeout: Duration = Field(timedelta(seconds=10), description="How long one call may take.")

    @field_validator("url")
    @classmethod
    def _callable(cls, value: str) -> str:
        if value and (wrong := _wrong_url(value)):
            raise ValueError(f"this {wrong}")
        return value

    @field_validator("secrets")
    @classmethod
    def _not_empty(cls, value: list[SecretStr]) -> list[SecretStr]:
        if any(not secret.get_secret_value() for secret in value):
            raise ValueError("a secret is empty")
        return value


class UnansweredError(ChannelError):
    """The other side did not answer, and may have the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said."""

    status: int
    first_line: str


class WebhookChannel(Channel):
    """Posts each message as JSON."""

    use: ClassVar[str] = "webhook"
    Settings: ClassVar[type[BaseModel]] = WebhookSettings

    def __init__(self, settings: WebhookSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._url = settings.url
        self._secrets = [secret.get_secret_value() for secret in settings.secrets]
        self._timeout = settings.timeout
        self._now = now

    def check_address(self, address: str) -> str | None:
        """Why this cannot be called."""
        if not address:
            return None if self._url else "there is no URL, neither here nor in the channel's settings"
        wrong = _wrong_url(address)
        return f"{address!r} {wrong}" if wrong else None

    async def send(self, message: Message, address: str) -> Delivery:
        """Call; of a call that was made and not answered nobody can say what became.

        Raises:
            ChannelError: when it cannot be called, and for every answer but 2xx; `permanent` for those of the 400s
                that will not change.
        """
        try:
            answer = await self.call(address, message.model_dump(mode="json"), message_id=message.id)
        except UnansweredError as error:
            return Delivery(outcome="unknown", detail=str(error))
        said = f"{answer.status} {answer.first_line}".rstrip()
        return Delivery(outcome="accepted", provider_id=message.id, detail=said)

    async def call(self, url: str, body: Mapping[str, Any], *, message_id: str, at: datetime | None = None) -> Answer:
        """Make one call, signed with this channel's secrets.

        Args:
            url: where to; the channel's own URL when empty.
            body: what to send.
            message_id: for receivers to drop duplicates by.
            at: the instant of signing; now when it is not given.

        Raises:
            UnansweredError: when the other side may have it.
            ChannelError: as `send`.
        """
        if wrong := self.check_address(url):
            raise ChannelError(f"The webhook cannot be called: {wrong}.", permanent=True)
        return await signed_call(
            url or self._url,
            body,
            message_id=message_id,
            secrets=self._secrets,
            timeout=self._timeout,
            at=at or self._now(),
        )


async def signed_call(
    url: str, body: Mapping[str, Any], *, message_id: str, secrets: Sequence[str], timeout: timedelta, at: datetime
) -> Answer:
    """Post JSON, signed, and say what came back.

    Args:
        url: where to; it may hold a token, so no error repeats more of it than the host.
        body: what to send.
        message_id: for receivers to drop duplicates by.
        secrets: one signature with each; none leaves the call unsigned.
        timeout: how long all of it may take.
        at: the instant of signing.

    Raises:
        UnansweredError: when all of it was sent, and there was no answer.
        ChannelError: for every answer but 2xx, and when it could not be sent.
    """
    import httpx  # noqa: PLC0415 - costs 0.1 s, and only those who call pay it

    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Escalade",
        **signed_headers(raw, message_id=message_id, secrets=secrets, at=at),
    }
    host = urlsplit(url).hostname
    seconds = timeout.total_seconds()
    progress = _Progress()
    answer: Answer | None = None
    wait: timedelta | None = None
    try:
        # A client for each call: pages are rare and far apart, and a connection kept open goes stale in between.
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(verify=await _trust(), timeout=seconds) as client,
            client.stream("POST", url, content=raw, headers=headers, extensions={"trace": progress.note}) as response,
        ):
            wait = _retry_after(response.headers.get("Retry-After", ""), at)
            # The status is the answer, whatever becomes of the words after it.
            answer = Answer(response.status_code, "")
            answer = Answer(response.status_code, await _first_line(response))
    except (TimeoutError, httpx.TimeoutException) as error:
        if answer is None:
            raise progress.failure(f"{host} did not answer within {seconds:g} s") from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ChannelError("The URL is not one that can be called.", permanent=True) from error
    except httpx.HTTPError as error:
        if answer is None:
            what = "gave no answer" if progress.is_sent else "cannot be reached"
            raise progress.failure(f"{host} {what}: {type(error).__name__}") from error
    assert answer is not None
    if 200 <= answer.status < 300:
        return answer
    permanent = 300 <= answer.status < 500 and answer.status not in _NOT_FINAL
    said = f"{answer.status} {answer.first_line}".rstrip()
    raise ChannelError(f"{host} said {said}.", permanent=permanent, retry_after=wait)


class _Progress:
    """How far a call came: what was not sent whole, nobody has."""

    def __init__(self) -> None:
        self.is_sent = False
        self._is_ours = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear from httpcore what it does; on the way through a proxy it sends a request of its own before ours."""
        if event.endswith("send_request_body.started"):
            self._is_ours = info["request"].method == b"POST"
        elif event.endswith("send_request_body.complete"):
            self.is_sent = self._is_ours

    def failure(self, what: str) -> ChannelError:
        """The error of a call that has no answer."""
        return UnansweredError(f"{what}; it may have the message.") if self.is_sent else ChannelError(f"{what}.")


@functools.cache
def _trust_context() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _trust() -> ssl.SSLContext:
    # Reading the certificates takes some 20 ms: once, and beside the event loop.
    return await asyncio.to_thread(_trust_context)


async def _first_line(response: Any) -> str:
    kept = b""
    async for chunk in response.aiter_bytes():
        kept += chunk
        if b"\n" in kept or len(kept) >= _READ_AT_MOST:
            break
    line = kept[:_READ_AT_MOST].decode("utf-8", "replace").strip().partition("\n")[0]
    return "".join(c for c in line if c.isprintable())[:200]


def _retry_after(value: str, at: datetime) -> timedelta | None:
    """Read seconds or an HTTP date; None when there is neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 86400))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(until - at, timedelta(0))
