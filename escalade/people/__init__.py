"""People: who they are, how to reach them, and who is on duty."""

from __future__ import annotations

from escalade.people.roster import (
    ChannelTarget,
    ContactMethod,
    ContactRule,
    Person,
    Roster,
    Target,
    Team,
    Vendor,
    parse_target,
)
from escalade.people.rotation import Handoff, Rotation
from escalade.people.schedule import Layer, Restriction, Schedule

__all__ = [
    "ChannelTarget",
    "ContactMethod",
    "ContactRule",
    "Handoff",
    "Layer",
    "Person",
    "Restriction",
    "Roster",
    "Rotation",
    "Schedule",
    "Target",
    "Team",
    "Vendor",
    "parse_target",
]
