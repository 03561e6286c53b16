"""Losing an acknowledgement: the resolve limit, expiry, giving it up; and what work keeps it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalade.engine import dues, next_due
from escalade.engine.due import DueKind
from escalade.people.roster import Person
from escalade.testing import START, Climb, person, policy, roster
from escalade.ticket import Status


def tier(name: str, *page: str, **more: object) -> dict[str, object]:
    return {"name": name, "page": list(page), "acknowledge_within": "30m", "repeat_every": "5m", **more}


def ladder(*, answers: bool = True, ana: Person | None = None, **more: object) -> Climb:
    pinned = policy(tier("first", "person:ana", **more), tier("second", "person:bob"))
    return Climb(pinned, roster("bob", "cyd", "dan", ana=ana or person("ana")), answers=answers)


def quorum(**more: object) -> Climb:
    people = ("person:ana", "person:bob", "person:cyd")
    pinned = policy(tier("first", *people, acknowledge_by=2, **more), tier("second", "person:dan"))
    return Climb(pinned, roster("ana", "bob", "cyd", "dan"))


def test_the_resolve_limit_climbs_unacknowledged_and_the_owner_stays_a_watcher() -> None:
    climb = ladder(resolve_within="2h")
    climb.forward(minutes=10)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=119)
    assert climb.tier == "first"
    climb.forward(minutes=1)
    assert climb.tier == "second"
    assert not climb.state.is_acknowledged
    assert climb.state.owner == ""
    assert "person:ana" in climb.state.followers
    assert climb.minutes_of("person:bob") == [130]


def test_an_acknowledgement_lasts_unless_the_policy_says_otherwise() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    assert next_due(climb.state) is None
    climb.forward(days=30)
    assert climb.state.is_acknowledged


def test_an_expired_acknowledgement_pages_again_in_the_same_tier_with_its_whole_limit() -> None:
    climb = ladder(acknowledgement_lasts="30m")
    climb.forward(minutes=10)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=30)
    assert climb.minutes_of("person:ana")[-1] == 40
    assert climb.tier == "first"
    assert not climb.state.is_acknowledged
    climb.forward(minutes=29)
    assert climb.tier == "first"
    climb.forward(minutes=1)
    assert climb.tier == "second"


def test_an_expired_acknowledgement_climbs_where_the_policy_says_next_tier() -> None:
    climb = ladder(acknowledgement_lasts="30m", on_expiry="next_tier")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=30)
    assert climb.minutes_of("person:bob") == [30]


def test_any_work_of_a_person_restarts_the_expiry() -> None:
    climb = ladder(acknowledgement_lasts="30m")
    climb.does("ana", "acknowledge")
    for command, fields in (("note", {"text": "looking"}), ("status", {"status": "mitigating"}), ("acknowledge", {})):
        climb.forward(minutes=29)
        climb.does("ana", command, **fields)
    climb.forward(minutes=29)
    assert climb.state.is_acknowledged
    climb.forward(minutes=1)
    assert not climb.state.is_acknowledged


def test_what_a_machine_says_is_no_work() -> None:
    climb = ladder(acknowledgement_lasts="30m")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=29)
    climb.hears("alertmanager", "note", text="still firing")
    climb.forward(minutes=1)
    assert not climb.state.is_acknowledged


def test_a_second_acknowledgement_by_the_owner_confirms() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    assert climb.does("ana", "acknowledge").text == "confirmed: still yours"
    assert climb.noted("ticket.confirmed")


def test_the_owner_is_reminded_before_the_acknowledgement_expires() -> None:
    climb = ladder(acknowledgement_lasts="30m")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=24)
    assert not climb.noted("ticket.reminded")
    climb.forward(minutes=1)
    assert len(climb.noted("ticket.reminded")) == 1
    assert [page.purpose for page in climb.pages_of("person:ana")] == ["round", "notice"]


def test_the_resolve_limit_runs_from_the_first_acknowledgement_of_the_visit() -> None:
    climb = ladder(resolve_within="2h")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=60)
    climb.does("ana", "unacknowledge")
    climb.does("ana", "acknowledge")
    climb.forward(minutes=60)
    assert climb.tier == "second"


def test_resolve_from_entry_counts_from_entering_the_tier() -> None:
    climb = ladder(resolve_within="2h", resolve_from="entry", acknowledge_within="never")
    climb.forward(minutes=50)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=70)
    assert climb.tier == "second"


def test_resolve_from_entry_is_not_put_off_by_losing_acknowledgements() -> None:
    climb = ladder(resolve_within="2h", resolve_from="entry", acknowledgement_lasts="30m")
    for _ in range(3):
        climb.does("ana", "acknowledge")
        climb.forward(minutes=30)
    climb.does("ana", "acknowledge")
    climb.forward(minutes=30)
    assert climb.tier == "second"


def test_unacknowledging_pages_again_at_once_in_the_same_tier() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    climb.forward(minutes=60)
    climb.does("ana", "unacknowledge")
    assert climb.minutes_of("person:ana") == [0, 60]
    assert climb.state.rung == 1
    assert climb.does("ana", "unacknowledge").refusal is not None


def test_the_journal_says_who_gave_an_acknowledgement_up() -> None:
    climb = ladder()
    climb.does("ana", "acknowledge")
    climb.does("bob", "unacknowledge", comment="she is ill")
    (given_up,) = climb.noted("ticket.unacknowledged")
    assert (given_up.actor.kind, given_up.actor.id, given_up.why) == ("person", "bob", "she is ill")


def test_giving_up_one_of_a_quorum_pages_everybody_once() -> None:
    climb = quorum()
    climb.does("ana", "acknowledge")
    climb.answers = False
    climb.forward(minutes=5)
    climb.does("ana", "unacknowledge")
    climb.answers = True
    climb.answer()
    assert climb.minutes_of("person:ana") == climb.minutes_of("person:bob") == [0, 5]


def test_a_limit_that_a_raise_had_brought_forward_does_not_outlive_its_paging() -> None:
    climb = ladder()
    climb.hears("monitor", "severity", severity="sev1")
    climb.does("ana", "acknowledge")
    climb.forward(hours=2)
    climb.does("ana", "unacknowledge")
    assert climb.tier == "first"
    assert [due.at for due in dues(climb.state) if due.kind is DueKind.TIER_LIMIT] == [START + timedelta(minutes=150)]


def test_an_expiry_that_a_raise_had_brought_forward_is_restarted_by_work() -> None:
    lasts = {"sev1": "10m", "default": "30m"}
    climb = ladder(acknowledgement_lasts=lasts)
    climb.does("ana", "acknowledge")
    climb.hears("monitor", "severity", severity="sev1")
    climb.forward(minutes=9)
    climb.does("ana", "note", text="on it")
    climb.forward(minutes=9)
    assert climb.state.is_acknowledged


# -- first work -----------------------------------------------------------------------------------------------------


def test_the_receivers_first_work_is_timed() -> None:
    climb = ladder()
    climb.forward(minutes=7)
    climb.does("ana", "acknowledge")
    climb.does("ana", "note", text="looking")
    assert [entry.data["seconds"] for entry in climb.noted("tier.first_work")] == [420]


def test_who_escalates_has_not_done_the_receivers_first_work() -> None:
    climb = ladder()
    climb.does("ana", "escalate", reason="not mine")
    climb.forward(minutes=4)
    climb.does("bob", "acknowledge")
    (entry,) = climb.noted("tier.first_work")
    assert (entry.actor.id, entry.data["seconds"]) == ("bob", 240)


def test_a_bystanders_note_is_not_the_receivers_first_work() -> None:
    climb = ladder()
    climb.does("dan", "note", text="I see it too")
    assert not climb.noted("tier.first_work")


def test_resolving_is_work_too() -> None:
    climb = ladder()
    climb.forward(minutes=3)
    climb.does("ana", "resolve")
    assert [entry.data["seconds"] for entry in climb.noted("tier.first_work")] == [180]
    assert climb.state.status is Status.RESOLVED


@pytest.mark.parametrize("how", ["everyone", "one_at_a_time"])
def test_a_follower_whom_the_climb_pages_hears_of_it_once(how: str) -> None:
    second = tier("second", "person:ana", "person:bob", how=how)
    climb = Climb(policy(tier("first", "person:ana", resolve_within="1h"), second), roster("ana", "bob", "cyd"))
    climb.does("ana", "acknowledge")
    climb.does("cyd", "follow")
    climb.forward(hours=1)
    assert climb.tier == "second"
    told = [(page.target, page.purpose) for page in climb.pages if climb.minute(page) == 60]
    assert told.count(("person:cyd", "notice")) == 1
    # Who of several gets a round of one is not known beforehand: there the notice goes to everybody who follows.
    assert told.count(("person:ana", "notice")) == (how == "one_at_a_time")


def test_a_follower_who_is_paged_when_the_tier_opens_hears_of_the_climb_before() -> None:
    hours = {"office": {"zone": "UTC", "hours": {"daily": "09:00-17:00"}}}
    second = tier("second", "person:ana", calendar="office")
    pinned = policy(tier("first", "person:ana", resolve_within="10h"), second, calendars=hours)
    climb = Climb(pinned, roster("ana", "bob"))
    climb.does("ana", "acknowledge")
    climb.forward(hours=10)
    assert climb.tier == "second"
    assert [page.purpose for page in climb.pages if climb.minute(page) == 600] == ["notice"]
