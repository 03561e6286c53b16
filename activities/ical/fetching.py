"""Fetching a calendar feed: from a web address or a file, bounded in time and size, and not again what is known."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from activities.ical.reading import FeedError

WITHIN: Final = 20.0
"""Seconds that a feed may take in all."""
LARGEST: Final = 4 << 20
"""Bytes of a feed: some ten thousand events."""
WEB: Final = ("https://", "http://", "webcal://")

_MEND: Final = "Look whether the address still gives a calendar; private addresses of calendars are often reset."

Client = Callable[[], httpx.AsyncClient]


def client() -> httpx.AsyncClient:
    """The client that fetches feeds."""
    return httpx.AsyncClient(timeout=10, follow_redirects=True, max_redirects=5)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave."""

    text: bytes | None
    """None when it has not changed."""
    etag: str = ""
    modified: str = ""


def source_digest(address: str) -> str:
    """What a feed is known by: its address is a secret with most calendars."""
    return hashlib.sha256(address.encode()).hexdigest()


async def fetch(address: str, directory: Path, *, etag: str = "", modified: str = "", http: Client = client) -> Fetched:
    """Get a feed.

    Args:
        address: a web address, or a file; a relative one is beside `escalade.yaml`.
        directory: where that is.
        etag: of what is known already.
        modified: of what is known already.
        http: makes the client.

    Raises:
        FeedError: when it cannot be had. The address is never in the sentence.
    """
    if not address.startswith(WEB):
        return await asyncio.to_thread(_read_file, directory / address)
    try:
        async with asyncio.timeout(WITHIN):
            return await _get(address, etag=etag, modified=modified, http=http)
    except TimeoutError:
        raise FeedError(f"It did not answer within {WITHIN:g} s.", mend=_MEND) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # Not the error's text, which may hold the address.
        raise FeedError(f"It cannot be reached: {type(error).__name__}.", mend=_MEND) from None


async def _get(address: str, *, etag: str, modified: str, http: Client) -> Fetched:
    asked = {"If-None-Match": etag, "If-Modified-Since": modified, "Accept": "text/calendar, */*;q=0.5"}
    headers = {name: value for name, value in asked.items() if value}
    url = "https://" + address.removeprefix("webcal://") if address.startswith("webcal://") else address
    async with http() as session, session.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx.codes.NOT_MODIFIED and (etag or modified):
            return Fetched(None, etag, modified)
        if answer.status_code != httpx.codes.OK:
            raise FeedError(f"It answers with HTTP {answer.status_code}.", mend=_MEND)
        text = bytearray()
        async for chunk in answer.aiter_bytes():
            text += chunk
            if len(text) > LARGEST:
                raise _too_large()
        return Fetched(bytes(text), answer.headers.get("ETag", "")[:500], answer.headers.get("Last-Modified", "")[:100])


def _read_file(path: Path) -> Fetched:
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST + 1)
    except OSError as error:
        mend = "Put the file beside escalade.yaml, or write its whole path."
        raise FeedError(f"The file cannot be read: {(error.strerror or '').lower()}.", mend=mend) from None
    if len(text) > LARGEST:
        raise _too_large()
    return Fetched(text)


def _too_large() -> FeedError:
    return FeedError(f"It is larger than {LARGEST >> 20} MiB.", mend="Export a shorter time.")
