"""What is allowed in a policy and probably not meant: dead ends, tiers and policies that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from configuration.document import KeyPath
from escalade.people.roster import Roster, parse_target
from escalade.policy.arming import Complaint
from escalade.policy.model import Match, PolicySpec, TierSpec
from escalade.ticket import Severity
from escalade.time.durations import NEVER, format_duration


def dead_ends(spec: PolicySpec, roster: Roster | None) -> Iterator[Complaint]:
    """Where a ticket of this policy would stop for ever, or pass without anybody hearing of it.

    Args:
        spec: a policy without complaints.
        roster: everybody; None while that is not known.
    """
    names = [tier.name for tier in spec.tiers]
    starts = [names.index(spec.start_at.get(severity, names[0])) for severity in Severity]
    lowest = min(starts)
    if spec.again and spec.again.from_ in names:
        lowest = min(lowest, names.index(spec.again.from_))
    for n, tier in enumerate(spec.tiers):
        yield from _tier_dead_ends(tier, ("tiers", n), roster)
        if n < lowest:
            found = f"Every severity starts above tier {tier.name!r}; only a return leads to it."
            yield ("tiers", n), found, "Lower a start_at, or remove the tier."
        last = n == len(spec.tiers) - 1
        if not last and all(_for(tier.acknowledge_within, s) == NEVER for s in Severity) and not tier.resolve_within:
            found = (
                f"No time leads above tier {tier.name!r}: it repeats until somebody answers, without resolve_within."
            )
            yield ("tiers", n, "acknowledge_within"), found, "Give resolve_within, or a limit for some severity."


def _tier_dead_ends(tier: TierSpec, path: KeyPath, roster: Roster | None) -> Iterator[Complaint]:
    if roster is not None and not any(roster.reachable(parse_target(text)) for text in tier.page):
        yield (*path, "page"), "Nobody behind this tier can be reached.", "Name somebody with a contact method."
    silent = [s.value for s in Severity if not _for(tier.resolve_within, s) and not _for(tier.acknowledgement_lasts, s)]
    if silent:
        found = f"Acknowledged here, {', '.join(silent)} can stay for ever: nothing asks again."
        yield path, found, "Give resolve_within or acknowledgement_lasts."
    for severity in Severity:
        within, repeat = _for(tier.acknowledge_within, severity), _for(tier.repeat_every, severity)
        if isinstance(within, timedelta) and isinstance(repeat, timedelta) and repeat >= within:
            found = (
                f"Nothing is repeated for {severity.value}: repeat_every {format_duration(repeat)} "
                f"is not shorter than acknowledge_within {format_duration(within)}."
            )
            yield (*path, "repeat_every"), found, "Shorten it, or leave it out."
            break


def unreachable(specs: list[PolicySpec], *, default: str) -> Iterator[tuple[str, str, str, KeyPath]]:
    """Policies that no ticket can get: their name, what is wrong, how to mend it, and where."""
    taker = None
    for spec in specs:
        if taker is not None and spec.policy != default:
            yield (
                spec.policy,
                f"Policy {taker!r} takes every ticket before this one.",
                "Rename the files to reorder them.",
                (),
            )
        elif not spec.match and spec.policy != default:
            yield (
                spec.policy,
                "No ticket gets this policy: it has no match and is not the default.",
                "Give it a match.",
                (),
            )
        if taker is None and any(match == Match() for match in spec.match):
            taker = spec.policy


def _for(table: dict[Any, Any], severity: Severity) -> Any:
    return table.get(severity.value, table.get("default"))
