"""Signatures of our webhooks: making them, and checking them for whoever receives one.

A signed request carries three headers:

- `Escalade-Timestamp`: Unix seconds at which this attempt was signed,
- `Escalade-Message-Id`: the same for every attempt of one delivery, so that a receiver can drop a duplicate,
- `Escalade-Signature`: `v1=<hex>`, several separated by commas while a secret is being rotated.

Each signature is HMAC-SHA256 over the timestamp, a full stop and the raw body. This module needs nothing but the
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
    """
    timestamp = str(int(at.timestamp()))
    headers = {TIMESTAMP_HEADER: timestamp, MESSAGE_ID_HEADER: message_id}
    if secrets:
        headers[SIGNATURE_HEADER] = ",".join(f"{_VERSION}={_sign(body, timestamp, secret)}" for secret in secrets)
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
    given = [
        value.encode()
        for part in found.get(SIGNATURE_HEADER.lower(), "").split(",")[:_MOST_SIGNATURES]
        for version, equals, value in [part.strip().partition("=")]
        if equals and version == _VERSION
    ]
    if not given:
        raise SignatureError(f"The request has no {_VERSION} signature in {SIGNATURE_HEADER}.")
    expected = [_sign(body, timestamp, secret).encode() for secret in secrets]
    # Every pair is compared, whichever matches: the time taken says nothing about where a match was.
    matches = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(matches):
        raise SignatureError("No signature of the request matches a known secret.")
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - signed_at) > tolerance:
        raise SignatureError(f"The request was signed at {signed_at:%Y-%m-%dT%H:%M:%SZ}, which is too far from now.")
    return found.get(MESSAGE_ID_HEADER.lower(), "")


def _sign(body: bytes, timestamp: str, secret: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
