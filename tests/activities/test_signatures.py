from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.signatures import (
    MESSAGE_ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignatureError,
    signed_headers,
    verify,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BODY = '{"ticket":"abcdefghij","à":1}'.encode()


def signed(*secrets: str, at: datetime = NOW) -> dict[str, str]:
    return signed_headers(BODY, message_id="m1", secrets=secrets, at=at)


def test_a_signature_is_what_the_documentation_says() -> None:
    # Computed by hand: printf '1772442000.m1.BODY' | openssl dgst -sha256 -hmac s3cret
    headers = signed_headers(b"BODY", message_id="m1", secrets=["s3cret"], at=NOW)
    assert headers == {
        "Escalade-Timestamp": "1772442000",
        "Escalade-Message-Id": "m1",
        "Escalade-Signature": "v1=787be0c254c609d3aeab26912d36318730f9e650d1e4036da8576df991492922",
    }


def test_a_receiver_gets_the_message_id_of_a_good_request() -> None:
    assert verify(BODY, signed("s3cret"), secrets=["s3cret"], now=NOW) == "m1"


def test_header_names_may_come_in_any_case() -> None:
    headers = {name.lower(): value for name, value in signed("s3cret").items()}
    assert verify(BODY, headers, secrets=["s3cret"], now=NOW) == "m1"


def test_while_secrets_rotate_either_side_may_be_first() -> None:
    assert verify(BODY, signed("old", "new"), secrets=["new"], now=NOW)
    assert verify(BODY, signed("old"), secrets=["new", "old"], now=NOW)


def test_an_unknown_version_beside_a_good_signature_is_passed_over() -> None:
    headers = signed("s3cret")
    headers[SIGNATURE_HEADER] = "v2=abc, " + headers[SIGNATURE_HEADER]
    assert verify(BODY, headers, secrets=["s3cret"], now=NOW)


@pytest.mark.parametrize("secrets", [["other"], [], [""]])
def test_a_request_signed_with_another_secret_is_refused(secrets: list[str]) -> None:
    with pytest.raises(SignatureError, match="matches"):
        verify(BODY, signed("s3cret"), secrets=secrets, now=NOW)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(SignatureError, match="matches"):
        verify(BODY + b" ", signed("s3cret"), secrets=["s3cret"], now=NOW)


def test_a_changed_timestamp_is_refused() -> None:
    headers = signed("s3cret") | {TIMESTAMP_HEADER: str(int(NOW.timestamp()) + 1)}
    with pytest.raises(SignatureError, match="matches"):
        verify(BODY, headers, secrets=["s3cret"], now=NOW)


@pytest.mark.parametrize("age", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_a_stale_or_future_timestamp_is_refused(age: timedelta) -> None:
    with pytest.raises(SignatureError, match="too far from now"):
        verify(BODY, signed("s3cret", at=NOW - age), secrets=["s3cret"], now=NOW)


@pytest.mark.parametrize("age", [timedelta(minutes=5), -timedelta(minutes=5), timedelta(0)])
def test_a_clock_that_is_a_little_off_is_tolerated(age: timedelta) -> None:
    assert verify(BODY, signed("s3cret", at=NOW - age), secrets=["s3cret"], now=NOW)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "²", "999999999999999999999"])
def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    with pytest.raises(SignatureError, match="Unix seconds"):
        verify(BODY, signed("s3cret") | {TIMESTAMP_HEADER: timestamp}, secrets=["s3cret"], now=NOW)


@pytest.mark.parametrize("signature", ["", "v1", "v0=abc", "=abc", "é"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(SignatureError, match="no v1 signature"):
        verify(BODY, signed("s3cret") | {SIGNATURE_HEADER: signature}, secrets=["s3cret"], now=NOW)


def test_signatures_in_other_alphabets_are_refused_and_not_an_error() -> None:
    with pytest.raises(SignatureError, match="matches"):
        verify(BODY, signed("s3cret") | {SIGNATURE_HEADER: "v1=é"}, secrets=["s3cret"], now=NOW)


def test_a_recorded_request_cannot_be_sent_again_under_another_message_id() -> None:
    headers = signed("s3cret") | {MESSAGE_ID_HEADER: "m2"}
    with pytest.raises(SignatureError, match="matches"):
        verify(BODY, headers, secrets=["s3cret"], now=NOW)


def test_no_byte_can_be_moved_from_the_body_into_the_message_id() -> None:
    headers = signed_headers(b"a.b", message_id="m1", secrets=["s3cret"], at=NOW) | {MESSAGE_ID_HEADER: "m1.a"}
    with pytest.raises(SignatureError, match="no Escalade-Message-Id"):
        verify(b"b", headers, secrets=["s3cret"], now=NOW)


@pytest.mark.parametrize("message_id", ["", "m.1", "m 1", "é", "m" * 256])
def test_what_is_no_message_id_is_refused_by_signer_and_receiver(message_id: str) -> None:
    with pytest.raises(ValueError, match="no message id"):
        signed_headers(BODY, message_id=message_id, secrets=["s3cret"], at=NOW)
    with pytest.raises(SignatureError, match="no Escalade-Message-Id"):
        verify(BODY, signed("s3cret") | {MESSAGE_ID_HEADER: message_id}, secrets=["s3cret"], now=NOW)


def test_a_request_without_a_message_id_is_refused() -> None:
    headers = signed("s3cret")
    del headers[MESSAGE_ID_HEADER]
    with pytest.raises(SignatureError, match="no Escalade-Message-Id"):
        verify(BODY, headers, secrets=["s3cret"], now=NOW)
