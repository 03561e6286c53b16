from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from activities.channels import CHANNELS
from activities.proof import STREAM, UnknownMethodError, UnknownPersonError, prove
from escalade.errors import StoreError
from escalade.messages.activities import Receipt
from store import Store
from store.database import Database
from tests.activities.making import NOW, Place, outcomes, place
from tests.activities.sinks import HttpSink, MailSink


async def proven(here: Place, person: str, channel: str | None = None, *, days: int = 0) -> list[Receipt]:
    return await prove(
        person,
        configuration=here.live.current,
        store=here.store,
        channels=CHANNELS,
        channel=channel,
        now=lambda: NOW + timedelta(days=days),
    )


async def test_every_method_of_a_person_is_proven_by_a_real_message(here: Place, mail: MailSink, web: HttpSink) -> None:
    receipts = await proven(here, "ana")
    assert outcomes(receipts) == {"ana by mail": "accepted", "ana by hook": "accepted", "ana by file": "delivered"}
    assert mail.mails[0]["Subject"] == "Test page for Ana Lopez: nothing is wrong"
    assert len(web.received) == 1
    assert {proof.method: proof.proven_at for proof in here.store.proofs("ana")} == dict.fromkeys(
        ("mail", "hook", "file"), NOW
    )
    entries = [stored.entry for stored in here.store.entries(STREAM)]
    assert [entry.kind for entry in entries] == ["page.accepted", "page.accepted", "page.delivered"]
    assert {entry.data["purpose"] for entry in entries} == {"test"}


async def test_a_login_finds_the_person_and_a_channel_the_method(here: Place, mail: MailSink, web: HttpSink) -> None:
    assert outcomes(await proven(here, "ANA@example.org", "mail")) == {"ana by mail": "accepted"}
    assert web.received == []


async def test_a_test_is_in_the_language_of_the_person(here: Place, mail: MailSink) -> None:
    await proven(here, "bruno", "mail")
    assert mail.mails[0]["Subject"] == "Appel d’essai pour Bruno : tout va bien"


async def test_a_failed_test_is_kept_and_does_not_forget_the_last_success(here: Place, mail: MailSink) -> None:
    await proven(here, "ana", "mail")
    mail.answers["ana@example.org"] = ["550 no such user"]
    (receipt,) = await proven(here, "ana", "mail", days=30)
    assert receipt.outcome == "failed"
    (proof,) = here.store.proofs("ana")
    assert (proof.outcome, proof.tested_at, proof.proven_at) == ("failed", NOW + timedelta(days=30), NOW)
    assert "550 no such user" in proof.detail


async def test_each_test_is_a_message_of_its_own(here: Place, mail: MailSink) -> None:
    await proven(here, "ana", "mail")
    await proven(here, "ana", "mail")
    assert len({sent["Message-ID"] for sent in mail.mails}) == 2
    assert len(here.store.entries(STREAM)) == 2


async def test_a_test_is_no_burden_for_fair(here: Place) -> None:
    await proven(here, "ana")
    assert here.store.load(["person:ana"], NOW - timedelta(days=7))["person:ana"].pages == 0


async def test_nobody_of_that_name_is_said_with_those_there_are(here: Place) -> None:
    with pytest.raises(UnknownPersonError, match=r"called 'carl'.* ana, bruno"):
        await proven(here, "carl")


async def test_a_method_that_a_person_lacks_is_said_with_those_there_are(here: Place) -> None:
    with pytest.raises(UnknownMethodError, match=r"by 'fax'.* mail, hook, file"):
        await proven(here, "ana", "fax")


async def test_a_test_that_cannot_be_put_on_record_says_that_it_went_out(
    tmp_path: Path, mail: MailSink, web: HttpSink
) -> None:
    store = Store(Database("postgresql+psycopg://escalade@127.0.0.1:1/none"), lambda: NOW)
    says = r"went out \(mail accepted\) and is not on record"
    with place(tmp_path, mail, web, store=store) as here, pytest.raises(StoreError, match=says):
        await proven(here, "ana", "mail")
    assert len(mail.mails) == 1
