"""From what people write to what a ticket keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from escalade.people.roster import Roster, parse_target
from escalade.policy.arming import (
    Complaint,
    arming_complaints,
    calendar_of,
    calendars_named,
    pin_calendars,
    pin_clock,
    woken,
)
from escalade.policy.model import PolicySpec, TierSpec
from escalade.policy.pinned import LARGEST, PinnedAgain, PinnedPolicy, PinnedStep, PinnedTier, TierTimes
from escalade.ticket import Severity
from escalade.time.calendar import CalendarSpec
from escalade.time.compile import horizon
from escalade.time.durations import NEVER
from escalade.time.pinned import PinnedCalendar


def compile_policy(
    spec: PolicySpec,
    *,
    catch_all: list[str],
    step_versions: dict[str, str] | None = None,
    calendars: Mapping[str, CalendarSpec] | None = None,
    at: datetime | None = None,
    reach: tuple[datetime, datetime] | None = None,
) -> PinnedPolicy:
    """Spell a policy out into its pinned form.

    Args:
        spec: the policy as written; `complaints` of it should be empty.
        catch_all: the installation's catch-all, used when the policy names none.
        step_versions: the versions of the registered steps, by name.
        calendars: every calendar there is, by name.
        at: the instant of the compiling, which calendars are pinned around.
        reach: from when to when they are pinned instead of the usual horizon around it.

    Raises:
        ValueError: when the policy names a calendar and neither `at` nor `reach` is given.
    """
    pinned_calendars: dict[str, PinnedCalendar] = {}
    if any(calendars_named(spec)):
        if reach is None:
            if at is None:
                raise ValueError("a policy with calendars is compiled for an instant")
            reach = horizon(at)
        since, until = reach
        pinned_calendars = pin_calendars(spec, calendars or {}, since=since, until=until)
    names = [tier.name for tier in spec.tiers]
    again = None
    if spec.again is not None:
        times = None if spec.again.times == "forever" else spec.again.times
        again = PinnedAgain(tier=names.index(spec.again.from_), times=times)
    pinned = PinnedPolicy(
        name=spec.policy,
        title=spec.title,
        team=spec.team or "",
        tiers=[_pin_tier(tier, spec, step_versions or {}) for tier in spec.tiers],
        start_at={severity: names.index(name) for severity, name in spec.start_at.items()},
        again=again,
        catch_all=spec.catch_all if spec.catch_all is not None else catch_all,
        deliver_within=spec.deliver_within,
        snooze_at_most=spec.snooze_at_most,
        pending_at_most=spec.pending_at_most,
        reopen_within=spec.reopen_within,
        status_names=spec.status_names,
        ignore_quiet_hours=spec.ignore_quiet_hours,
        clocks={
            name: pin_clock(clock)
            for name in ("first_response", "update", "resolution")
            if (clock := getattr(spec.clocks, name)) is not None
        },
        on_reopen=spec.clocks.on_reopen,
        calendars=pinned_calendars,
    )
    return pinned.model_copy(update={"digest": digest_of(pinned)})


def digest_of(pinned: PinnedPolicy) -> str:
    """The version of a policy: the same from day to day, as calendars count by how they are written."""
    body = pinned.model_dump(mode="json", exclude={"digest", "calendars"})
    body["calendars"] = {name: calendar.version for name, calendar in pinned.calendars.items()}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _for(table: dict[Any, Any], severity: Severity) -> Any:
    return table.get(severity.value, table.get("default"))


def _pin_tier(tier: TierSpec, spec: PolicySpec, versions: dict[str, str]) -> PinnedTier:
    times = {}
    for severity in Severity:
        within = _for(tier.acknowledge_within, severity)
        times[severity] = TierTimes(
            acknowledge_within=None if within == NEVER else within,
            repeat_every=_for(tier.repeat_every, severity),
            resolve_within=_for(tier.resolve_within, severity),
            acknowledgement_lasts=_for(tier.acknowledgement_lasts, severity),
        )
    return PinnedTier(
        name=tier.name,
        kind=tier.kind,
        role=tier.role,
        reason=tier.reason,
        first_action=tier.first_action,
        page=tier.page,
        how=tier.how,
        acknowledge_by=tier.acknowledge_by,
        times=times,
        resolve_from_entry=tier.resolve_from == "entry",
        expiry_climbs=tier.on_expiry == "next_tier",
        nobody=tier.nobody,
        steps=[PinnedStep(use=s.use, version=versions.get(s.use, ""), config=s.with_) for s in tier.steps],
        calendar=calendar_of(tier, spec),
        wake=woken(tier, spec) if calendar_of(tier, spec) else [],
        clock=pin_clock(tier.clock) if tier.clock is not None else None,
    )


def complaints(
    spec: PolicySpec,
    roster: Roster,
    *,
    catch_all: list[str],
    calendars: Mapping[str, CalendarSpec] | None = None,
    at: datetime | None = None,
) -> list[Complaint]:
    """What a policy cannot be loaded with (decision 23): found now, so that nothing surprises a ticket.

    Args:
        spec: the policy as written.
        roster: everybody it may name.
        catch_all: the installation's catch-all.
        calendars: every calendar there is; None while that is not known.
        at: the instant of loading, UTC; None leaves out whether calendars are open after it.
    """
    found: list[Complaint] = []
    names = [tier.name for tier in spec.tiers]
    for n, tier in enumerate(spec.tiers):
        if tier.name in names[:n]:
            found.append((("tiers", n, "name"), f"{tier.name!r} is a second tier of that name.", "Rename one."))
        found += _tier_complaints(tier, n, roster)
    known = ", ".join(dict.fromkeys(names))
    if spec.again and spec.again.from_ not in names:
        found.append((("again", "from"), f"{spec.again.from_!r} is no tier here.", f"Name one of: {known}."))
    for severity, name in spec.start_at.items():
        if name not in names:
            found.append((("start_at", severity), f"{name!r} is no tier here.", f"Name one of: {known}."))
    if spec.team and spec.team not in roster.teams:
        found.append((("team",), f"There is no team {spec.team!r}.", "Add it to people.yaml or name another."))
    for n, text in enumerate(spec.catch_all or []):
        if not roster.deliverable(parse_target(text)):
            mend = "Name a person with a contact method, a team of them, or a channel of escalade.yaml."
            found.append((("catch_all", n), f"The catch-all {text!r} cannot be delivered to anybody.", mend))
    if not (spec.catch_all if spec.catch_all is not None else catch_all):
        found.append((("catch_all",), "There is no catch-all.", "Set catch_all here or in escalade.yaml."))
    found += arming_complaints(spec, roster, calendars, at)
    named = [name for _, name in calendars_named(spec)]
    # Where a calendar is broken the rest cannot be measured; that one's own mistakes are told.
    if not found and (not named or (at is not None and all(name in (calendars or {}) for name in named))):
        size = len(compile_policy(spec, catch_all=catch_all, calendars=calendars, at=at).model_dump_json())
        if size > LARGEST:
            found.append((("policy",), f"Compiled it takes {size} bytes.", f"At most {LARGEST}: shorten its texts."))
    return found


def _people(tier: TierSpec, roster: Roster) -> int:
    """How many people a round of a tier can tell: a schedule is whoever is on duty, a place is nobody."""
    found: set[str] = set()
    for text in tier.page:
        target = parse_target(text)
        team = roster.teams.get(target.id) if target.kind == "team" else None
        if team is not None:
            found |= {f"person:{member}" for member in team.members}
        elif target.kind != "channel":
            found.add(text)
    return len(found)


def _tier_complaints(tier: TierSpec, n: int, roster: Roster) -> list[Complaint]:
    found: list[Complaint] = []
    for k, text in enumerate(tier.page):
        target = parse_target(text)
        if not roster.has(target):
            names = roster.names(target.kind)
            close = get_close_matches(target.id, names, n=1)
            mend = (f"Did you mean {close[0]}? " if close else "") + f"Known: {', '.join(names[:8]) or 'none'}."
            found.append((("tiers", n, "page", k), f"There is no {target.kind} {target.id!r}.", mend))
    at_once = _people(tier, roster)
    if tier.acknowledge_by > max(at_once, 1):
        what = f"acknowledge_by is {tier.acknowledge_by}, and this tier pages {at_once} at a time who could."
        found.append((("tiers", n, "acknowledge_by"), what, "Lower it, or page more people."))
    missing = [s.value for s in Severity if _for(tier.acknowledge_within, s) is None]
    if missing:
        mend = "Add `default:` or the missing ones; `never` repeats here until somebody answers."
        where = ("tiers", n, "acknowledge_within")
        found.append((where, f"There is no acknowledge_within for {', '.join(missing)}.", mend))
    limits = {s.value: _for(tier.acknowledge_within, s) for s in Severity}
    repeats: dict[str, timedelta | None] = {s.value: _for(tier.repeat_every, s) for s in Severity}
    never = [name for name, limit in limits.items() if limit == NEVER]
    silent = [name for name in never if repeats[name] is None]
    if silent:
        what = f"`never` without repeat_every for {', '.join(silent)}: it would page once and go silent."
        found.append((("tiers", n, "acknowledge_within"), what, "Give repeat_every, or a limit."))
    if never and tier.nobody == "wait":
        what = f"`never` with `nobody: wait` for {', '.join(never)}: it would wait for ever in silence."
        found.append((("tiers", n, "nobody"), what, "Use skip, hold or catch_all, or give a limit."))
    once = [name for name, repeat in repeats.items() if repeat is None]
    if tier.how == "one_at_a_time" and once:
        what = f"`how: one_at_a_time` needs repeat_every for {', '.join(once)}: only the first would be told."
        found.append((("tiers", n, "how"), what, "Give repeat_every."))
    return found
