"""Random policies, and random scripts of what happens to a ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from escalade.people.roster import ChannelTarget, Roster, Team
from escalade.policy.model import PolicySpec
from escalade.testing import person
from escalade.ticket import Severity

PEOPLE = ("ana", "bob", "cyd", "ghost")
PAGED = ("person:ana", "person:bob", "person:cyd", "person:ghost", "team:all", "channel:room")
SOURCES = ("ana", "bob", "cyd", "dan", "monitor")
METHODS = ("mail", "sms", "call")
_LIMITS = ("1s", "1m", "15m", "1h")


class Step(NamedTuple):
    """One thing that happens."""

    does: str
    fields: dict[str, Any]

    def __repr__(self) -> str:
        return f"Step({self.does!r}, {self.fields!r})"


class Scenario(NamedTuple):
    """A policy, how the world is at first, and what happens."""

    policy: dict[str, Any]
    severity: Severity
    status: str
    duty_in: timedelta | None
    """When somebody comes on duty where nobody is."""
    in_one: bool
    """Whether the sender asks the roster itself, where the shell lets it."""
    crowd: str
    """What people's limits say at first: "none", "room" or "digest"."""
    steps: list[Step]
    horizon: timedelta | None = None
    """How far its calendars are worked out, where that is short; and nobody works them out further."""


def _by_severity(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({"default": values}, optional={"sev1": values, "sev5": values})


@st.composite
def _tiers(draw: st.DrawFn, name: str) -> dict[str, Any]:
    tier: dict[str, Any] = {
        "name": name,
        "page": draw(st.lists(st.sampled_from(PAGED), min_size=1, max_size=3, unique=True)),
        "how": draw(st.sampled_from(["everyone", "everyone", "one_at_a_time", "fair"])),
        "nobody": draw(st.sampled_from(["skip", "wait", "hold", "catch_all"])),
        "acknowledge_by": draw(st.sampled_from([1, 1, 2, 3])),
        "acknowledge_within": draw(_by_severity(st.sampled_from((*_LIMITS, "never")))),
        "on_expiry": draw(st.sampled_from(["same_tier", "next_tier"])),
        "resolve_from": draw(st.sampled_from(["acknowledgement", "entry"])),
    }
    for key in ("repeat_every", "resolve_within", "acknowledgement_lasts"):
        if draw(st.booleans()):
            tier[key] = draw(_by_severity(st.sampled_from(_LIMITS)))
    never = "never" in tier["acknowledge_within"].values()
    if never or tier["how"] == "one_at_a_time":
        tier.setdefault("repeat_every", {"default": "5m"})
    if never and tier["nobody"] == "wait":
        tier["nobody"] = "skip"
    return tier


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """A policy as people write it; it loads without complaint."""
    names = ["one", "two", "three", "four"][: draw(st.integers(1, 4))]
    written: dict[str, Any] = {"policy": "random", "tiers": [draw(_tiers(name)) for name in names]}
    if draw(st.booleans()):
        times = draw(st.sampled_from([1, 2, "forever"]))
        written["again"] = {"from": draw(st.sampled_from(names)), "times": times}
    if draw(st.booleans()):
        written["start_at"] = {"sev1": draw(st.sampled_from(names))}
    if draw(st.integers(0, 3)) == 0:
        written["reopen_within"] = draw(st.sampled_from(["0s", "10m"]))
    if draw(st.booleans()):
        draw(_clocks(written))
    PolicySpec.model_validate(written)
    return written


CALENDARS: dict[str, dict[str, Any]] = {
    "office": {
        "zone": "Europe/Paris",
        "hours": {"monday-thursday": "09:00-12:00, 13:00-18:00", "friday": "09:00-12:00"},
        "holidays": ["2026-03-04", "04-06"],
    },
    "night": {"zone": "America/New_York", "hours": {"monday-friday": "22:00-06:00"}},
}
"""March 2026 has a change of the clocks in both places."""
_TARGETS = st.sampled_from(["1m", "30m", "4h", "20h", "never"])
_THRESHOLDS = st.lists(st.sampled_from([50, "75%", "99.995%", "-10m", "+1h", "150%"]), max_size=3)
_ACTIONS = st.sampled_from(
    [
        [{"notify": "owner"}],
        [{"ask_owner": "well?"}],
        [{"raise_severity": "sev1"}],
        [{"climb": "next"}, {"notify": ["followers", "tier"]}],
        [{"climb": "one"}],
        [],
    ]
)
_PAUSES = st.lists(
    st.sampled_from(["pending", "pending:customer", "snoozed", "investigating", "new", "maintenance"]), max_size=2
)


@st.composite
def _clock(draw: st.DrawFn) -> dict[str, Any]:
    clock: dict[str, Any] = {
        "target": draw(_by_severity(_TARGETS)),
        "warn_at": draw(_THRESHOLDS),
        "pause_on": draw(_PAUSES),
        "boundary": draw(st.sampled_from(["at_close", "next_open"])),
    }
    if draw(st.booleans()):
        clock["calendar"] = draw(st.sampled_from(list(CALENDARS)))
        if draw(st.booleans()):
            clock["target"] = draw(_by_severity(st.sampled_from(["1bd", "2bd 1h", "never"])))
            clock["warn_at"].append("-1bd")
            clock["end_of_day"] = draw(st.booleans())
    if draw(st.booleans()):
        clock["on"] = {"breach": draw(_ACTIONS), "50%": draw(_ACTIONS)}
    return clock


@st.composite
def _clocks(draw: st.DrawFn, written: dict[str, Any]) -> None:
    """Give a policy clocks, and calendars to itself and its tiers."""
    clocks = {name: draw(_clock()) for name in ("first_response", "update", "resolution") if draw(st.booleans())}
    if "update" in clocks and draw(st.booleans()):
        clocks["update"]["every"] = clocks["update"].pop("target")
    if "first_response" in clocks and draw(st.booleans()):
        clocks["first_response"]["stops_on"] = ["acknowledgement"]
    names = [tier["name"] for tier in written["tiers"]]
    if "resolution" in clocks and len(names) > 2 and draw(st.booleans()):
        clocks["resolution"]["on"] = {"breach": [{"raise_severity": "sev1"}, {"climb": names[-1]}]}
        written["start_at"] = {"sev1": names[1]}
    written["clocks"] = {**clocks, "on_reopen": draw(st.sampled_from(["resume", "restart", "keep"]))}
    if draw(st.booleans()):
        written["calendar"] = draw(st.sampled_from(list(CALENDARS)))
        written["wake"] = draw(st.sampled_from([[], ["sev1"], ["sev1", "sev3"]]))
    for tier in written["tiers"]:
        if draw(st.integers(0, 3)) == 0:
            tier["clock"] = draw(_clock())
        if draw(st.integers(0, 3)) == 0:
            tier["calendar"] = draw(st.sampled_from(["always", *CALENDARS]))


_EVENT_IDS = st.sampled_from(["", "", "", "", "e1", "e2"])
_LENGTHS = st.sampled_from(["10s", "5m", "45m", "1d"])
_TIERS = st.sampled_from([None, None, "one", "two", "three", "four"])
_REASON = st.just("because")
_FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "acknowledge": {},
    "unacknowledge": {},
    "status": {"status": st.sampled_from(["triage", "mitigating"])},
    "resolve": {"close": st.sampled_from([False] * 7 + [True])},
    "escalate": {"to": _TIERS, "reason": _REASON},
    "return": {"to": _TIERS, "reason": _REASON},
    "snooze": {"for": _LENGTHS},
    "pending": {"for": _LENGTHS},
    "resume": {},
    "reassign": {"to": st.sampled_from(["ana", "cyd", "ghost", "team:all"])},
    "respond": {"who": st.sampled_from(["bob", "dan", "ghost"])},
    "follow": {"stop": st.booleans()},
    "severity": {"severity": st.sampled_from(["sev1", "sev3", "sev5"])},
    "note": {"text": st.just("hm")},
    "reply": {"ago": st.sampled_from([0, 0, 1, 40, 3000])},
    "message": {"ago": st.sampled_from([0, 0, 1, 40, 3000])},
    "merge": {"into": st.just("aaaaaaaaaa")},
    "reopen": {},
    "close": {},
}
# What ends a ticket is rare, or nothing would come after it.
_OFTEN = (
    *["acknowledge"] * 12,
    *["unacknowledge", "snooze", "pending", "escalate", "return", "severity", "reopen"] * 2,
)


def _command(draw: st.DrawFn, name: str) -> Step:
    fields = {key: draw(values) for key, values in _FIELDS[name].items()}
    rung = draw(st.sampled_from([None, None, 0, -1]))  # relative to the rung of the moment
    actor = draw(st.sampled_from(SOURCES))
    return Step("command", {"name": name, "actor": actor, "rung": rung, "event_id": draw(_EVENT_IDS), **fields})


# Maintenance: from when, in minutes from now, for how long, and for which severities upwards.
_FROM = st.sampled_from([-60, -1, 0, 1, 10, 30])
_MINUTES = st.sampled_from([1, 5, 29, 60, 1440])
_REACHABLE = st.sampled_from((*PAGED, "channel:last-resort"))
_CROWDS = st.sampled_from(["digest", "none", "room", "none"])
_OTHERS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "due": {"late": st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 0.5, 3, 4.9, 5.1, 90, 7200, 200000])},
    "before": {"seconds": st.sampled_from([0.001, 1, 30])},
    "sleep": {"seconds": st.sampled_from([0, 1, 61, 1800, 90000])},
    "answers": {"now": st.booleans()},
    "answer": {"which": st.integers(0, 3), "how": st.sampled_from(["right", "right", "error", "crossed"])},
    "people": {"without": st.sets(st.sampled_from(PEOPLE), max_size=4)},
    "failing": {"targets": st.sets(_REACHABLE, max_size=4), "methods": st.booleans()},
    "opened": {
        "title": st.sampled_from("ab"),
        "event_id": _EVENT_IDS,
        "status": st.sampled_from(["new", "new", "closed"]),
    },
    "merged_here": {
        "key": st.sampled_from("kl"),
        "severity": st.sampled_from(list(Severity)),
        "event_id": _EVENT_IDS,
    },
    "failed_later": {"target": st.sampled_from(PAGED), "method": st.sampled_from(METHODS), "event_id": _EVENT_IDS},
    "roster_changed": {},
    "windows": {"each": st.lists(st.tuples(_FROM, _MINUTES, st.sampled_from([1, 3, 5])), max_size=3)},
    "unreadable": {},
    "written": {},
    "repeated": {},
    "raised": {"severity": st.sampled_from([Severity.SEV1, Severity.SEV3])},
    "crowded": {"how": _CROWDS},
    "raised_meanwhile": {"how": st.sampled_from(["digest", "room"])},
    "left_out": {},
    "digest": {"which": st.sampled_from([0, 0, 1]), "outcome": st.sampled_from(["dropped", "told", "failed"])},
    "merged": {"taken": st.booleans(), "changes": st.booleans()},
}
_NAMES = (
    *_FIELDS,
    *_OFTEN,
    *_OTHERS,
    *["due"] * 14,
    *["answer", "failing", "windows"] * 2,
    *["digest", "raised_meanwhile", "left_out"] * 3,
)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """One thing that happens; what moves a ticket more often than what only adds to it."""
    name = draw(st.sampled_from(_NAMES))
    if name in _FIELDS:
        return _command(draw, name)
    return Step(name, {key: draw(values) for key, values in _OTHERS[name].items()})


@st.composite
def scenarios(draw: st.DrawFn, *, most: int = 40) -> Scenario:
    """A whole scenario."""
    return Scenario(
        policy=draw(policies()),
        severity=draw(st.sampled_from([Severity.SEV1, Severity.SEV3, Severity.SEV5])),
        status=draw(st.sampled_from(["new"] * 30 + ["resolved", "pending"])),
        duty_in=draw(st.sampled_from([None, timedelta(minutes=7), timedelta(days=1)])),
        in_one=draw(st.booleans()),
        crowd=draw(_CROWDS),
        steps=draw(st.lists(steps(), min_size=most // 3, max_size=most)),
        horizon=draw(st.sampled_from([None] * 4 + [timedelta(hours=2), timedelta(days=4)])),
    )


def people(without: set[str] | frozenset[str]) -> Roster:
    """Everybody; those named have no way to be reached."""
    everybody = {
        name: person(
            name,
            methods=() if name in without else METHODS,
            rules={} if name in without else {"mail": "0s", "sms": "2m", "call": "20m"},
        )
        for name in (*PEOPLE, "dan")
    }
    rooms = {name: ChannelTarget(channel="mail", address=name) for name in ("room", "last-resort")}
    return Roster(people=everybody, teams={"all": Team(members=list(PEOPLE))}, channels=rooms)
