"""People: who they are, how to reach them, and who is on duty."""

from __future__ import annotations

from escalade.people.roster import (
    ChannelTarget,
    ContactMethod,
    ContactRule,
    Person,
    Roster,
    Schedule,
    Target,
    Team,
    Vendor,
    WeeklyRotation,
    parse_target,
)

__all__ = [
    "ChannelTarget",
    "ContactMethod",
    "ContactRule",
    "Person",
    "Roster",
    "Schedule",
    "Target",
    "Team",
    "Vendor",
    "WeeklyRotation",
    "parse_target",
]
