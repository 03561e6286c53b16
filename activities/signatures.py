"""Signatures of our webhooks: making them, and checking them for whoever receives one.

A signed request carries three headers:

- `Escalade-Timestamp`: Unix seconds at which this attempt was signed,
- `Escalade-Message-Id`: the same for every attempt of one delivery, so that a receiver can drop a duplicate,
- `Escalade-Signature`: `v1=<hex>`, several separated by commas while a secret is being rotated.

Each signature is HMAC-SHA256 over `timestamp.message_id.body`: the two headers as they are sent and the raw body,
joined by full stops. The message id is covered so that nobody can send a recorded request again under another one.
A message id has no full stop: no byte can be moved from one part to the next. This module needs nothing but the
standard library and `escalade.errors`: a receiver may use it as it is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from escalade.errors import EscaladeError

SIGNATURE_HEADER: Final = "Escalade-Signature"
TIMESTAMP_HEADER: Final = "Escalade-Timestamp"
MESSAGE_ID_HEADER: Final = "Escalade-Message-Id"

TOLERANCE: Final = timedelta(minutes=5)
_VERSION: Final = "v1"
_MOST_SIGNATURES: Final = 16
_LONGEST_ID: Final = 255


class SignatureError(EscaladeError):
    """The request is not signed by somebody who knows the secret."""


def signed_headers(body: bytes, *, message_id: str, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a signed request.

    Args:
        body: exactly the bytes that are sent.
        message_id: the id of the delivery, the same for every attempt.
        secrets: one signature is made with each: the old and the new one while rotating.
        at: the instant of signing.

    Returns:
        Headers to send along; without a signature when there is no secret.

    Raises:
        ValueError: when the message id is none: a mistake of the caller's.
    """
    if not _is_message_id(message_id):
        raise ValueError(f"{message_id!r} is no message id: visible ASCII characters without a full stop.")
    timestamp = str(int(at.timestamp()))
    headers = {TIMESTAMP_HEADER: timestamp, MESSAGE_ID_HEADER: message_id}
    if secrets:
        headers[SIGNATURE_HEADER] = ",".join(
            f"{_VERSION}={_sign(body, timestamp, message_id, secret)}" for secret in secrets
        )
    return headers


def verify(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: Sequence[str],
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> str:
    """Check a request and get its message id, by which to drop duplicates.

    Args:
        body: the bytes as they arrived, before any parsing.
        headers: the headers, in any case.
        secrets: every secret that is valid now; one match is enough.
        now: the receiver's clock.
        tolerance: how old or how far ahead the timestamp may be, so that a recorded request is no use later.

    Returns:
        The message id.

    Raises:
        SignatureError: when it is not signed with one of the secrets, or not lately.
    """
    found = {name.lower(): value for name, value in headers.items()}
    timestamp = found.get(TIMESTAMP_HEADER.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise SignatureError(f"The request has no {TIMESTAMP_HEADER} in Unix seconds.")
    message_id = found.get(MESSAGE_ID_HEADER.lower(), "")
    if not _is_message_id(message_id):
        raise SignatureError(f"The request has no {MESSAGE_ID_HEADER}, or one that was never made here.")
    given = [
        value.encode()
        for part in found.get(SIGNATURE_HEADER.lower(), "").split(",")[:_MOST_SIGNATURES]
        for version, equals, value in [part.strip().partition("=")]
        if equals and version == _VERSION
    ]
    if not given:
        raise SignatureError(f"The request has no {_VERSION} signature in {SIGNATURE_HEADER}.")
    expected = [_sign(body, timestamp, message_id, secret).encode() for secret in secrets]
    # Every pair is compared, whichever matches: the time taken says nothing about where a match was.
    matches = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(matches):
        raise SignatureError("No signature of the request matches a known secret.")
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - signed_at) > tolerance:
        raise SignatureError(f"The request was signed at {signed_at:%Y-%m-%dT%H:%M:%SZ}, which is too far from now.")
    return message_id


def _is_message_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and all("!" <= char <= "~" and char != "." for char in text)


def _sign(body: bytes, timestamp: str, message_id: str, secret: str) -> str:
    signed = b".".join((timestamp.encode(), message_id.encode(), body))
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
