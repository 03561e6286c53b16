"""Decision 23: what a policy cannot be loaded with is found when it is loaded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from escalade.people.roster import Team
from escalade.policy.compile import compile_policy, complaints
from escalade.policy.model import PolicySpec
from escalade.policy.pinned import LARGEST
from escalade.testing import person, roster
from escalade.ticket import Severity

PEOPLE = roster("ana", "bob", ghost=person(methods=()))


def written(*tiers: dict[str, Any], **rest: Any) -> PolicySpec:
    whole = [{"name": f"tier{n}", "page": ["person:ana"], "acknowledge_within": "15m"} | t for n, t in enumerate(tiers)]
    return PolicySpec.model_validate({"policy": "test", "tiers": whole, **rest})


def found(spec: PolicySpec, *, catch_all: tuple[str, ...] = ("channel:last-resort",)) -> list[tuple[str, str]]:
    """Where, and what is wrong."""
    said = complaints(spec, PEOPLE, catch_all=list(catch_all))
    assert all(mend.endswith(".") for _, _, mend in said)
    return [(".".join(map(str, where)), what) for where, what, _ in said]


def test_a_sound_policy_is_loaded_without_complaint() -> None:
    assert found(written({}, {"page": ["person:bob"]}, again={"from": "tier0"}, catch_all="person:ana")) == []


@pytest.mark.parametrize(
    ("tier", "where", "what"),
    [
        ({"acknowledge_within": {"sev1": "5m"}}, "acknowledge_within", "There is no acknowledge_within for sev2"),
        ({"acknowledge_within": "never"}, "acknowledge_within", "`never` without repeat_every"),
        ({"acknowledge_within": "never", "repeat_every": {"sev1": "5m"}}, "acknowledge_within", "`never` without"),
        (
            {"acknowledge_within": "never", "repeat_every": "5m", "nobody": "wait"},
            "nobody",
            "`never` with `nobody: wait`",
        ),
        ({"how": "one_at_a_time"}, "how", "`how: one_at_a_time` needs repeat_every"),
        ({"page": ["person:nobody"]}, "page.0", "There is no person 'nobody'."),
        ({"page": ["person:ana", "team:none"]}, "page.1", "There is no team 'none'."),
    ],
)
def test_a_tier_that_would_surprise_a_ticket_is_refused(tier: dict[str, Any], where: str, what: str) -> None:
    ((place, sentence),) = found(written(tier))
    assert place == f"tiers.0.{where}"
    assert sentence.startswith(what)


@pytest.mark.parametrize("catch_all", ["person:ghost", "person:nobody", "team:none", "schedule:none", "channel:none"])
def test_a_catch_all_that_cannot_be_delivered_is_refused(catch_all: str) -> None:
    assert found(written({}, catch_all=[catch_all])) == [
        ("catch_all.0", f"The catch-all {catch_all!r} cannot be delivered to anybody.")
    ]


def test_a_team_with_one_person_who_can_be_reached_can_be_a_catch_all() -> None:
    people = PEOPLE.model_copy(update={"teams": {"all": Team(members=["ghost", "ana"])}})
    assert complaints(written({}, catch_all="team:all"), people, catch_all=[]) == []


def test_no_catch_all_anywhere_is_refused() -> None:
    assert found(written({}), catch_all=()) == [("catch_all", "There is no catch-all.")]
    assert found(written({}, catch_all=[])) == [("catch_all", "There is no catch-all.")]


def test_names_that_lead_nowhere_are_refused() -> None:
    spec = written({}, {"name": "tier0"}, again={"from": "top"}, start_at={"sev1": "middle"}, team="none")
    assert {where for where, _ in found(spec)} == {"tiers.1.name", "again.from", "start_at.sev1", "team"}


def test_a_policy_too_large_for_a_history_is_refused() -> None:
    tiers = [{"reason": "x" * 512, "first_action": "y" * 512, "steps": [{"use": "s", "with": {"t": "z" * 4000}}]}] * 20
    ((where, what),) = found(written(*tiers))
    assert where == "policy"
    assert str(LARGEST) not in what


@pytest.mark.parametrize(
    ("tier", "rest"),
    [
        ({"paeg": []}, {}),
        ({"page": []}, {}),
        ({"page": ["ana"]}, {}),
        ({"acknowledge_within": "15"}, {}),
        ({"acknowledge_within": "0s"}, {}),
        ({"acknowledge_within": {"sev9": "5m"}}, {}),
        ({"acknowledge_by": 0}, {}),
        ({"nobody": "panic"}, {}),
        ({"name": "Not A Name"}, {}),
        ({}, {"deliver_within": "0s"}),
        ({}, {"deliver_within": "1h"}),
        ({}, {"again": {"from": "tier0", "times": 0}}),
        ({}, {"unheard": "of"}),
        ({}, {"tiers": []}),
    ],
)
def test_what_cannot_be_a_policy_is_refused(tier: dict[str, Any], rest: dict[str, Any]) -> None:
    first = {"name": "tier0", "page": ["person:ana"], "acknowledge_within": "15m"}
    PolicySpec.model_validate({"policy": "test", "tiers": [first]})
    with pytest.raises(ValidationError):
        PolicySpec.model_validate({"policy": "test", "tiers": [first | tier], **rest})


# -- compiling ------------------------------------------------------------------------------------------------------


def test_every_severity_is_spelled_out() -> None:
    limits = {"sev1": "5m", "sev2": "never", "default": "1h"}
    tier = compile_policy(written({"acknowledge_within": limits, "repeat_every": "5m"}), catch_all=[]).tiers[0]
    hour = timedelta(hours=1)
    within = {s.value: t.acknowledge_within for s, t in tier.times.items()}
    assert within == {"sev1": timedelta(minutes=5), "sev2": None, "sev3": hour, "sev4": hour, "sev5": hour}
    assert set(tier.times) == set(Severity)


def test_the_digest_is_the_version_of_the_policy() -> None:
    one, same, other = (
        compile_policy(written({"acknowledge_within": t}), catch_all=[]) for t in ("15m", "900s", "16m")
    )
    assert one.digest == same.digest
    assert one.digest != other.digest


def test_the_installations_catch_all_is_used_when_the_policy_names_none() -> None:
    assert compile_policy(written({}), catch_all=["person:bob"]).catch_all == ["person:bob"]
    assert compile_policy(written({}, catch_all="person:ana"), catch_all=["person:bob"]).catch_all == ["person:ana"]
