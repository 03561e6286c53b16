"""The configuration of a site: a ladder for each moment at which it can be killed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.kill.receiver import SECRET_NAME

TWO = {"name": "two", "page": ["person:bob"], "acknowledge_within": "1h"}


def _one(*page: str, within: str = "1h", **more: Any) -> dict[str, Any]:
    return {"name": "one", "page": list(page), "acknowledge_within": within, **more}


LADDERS: dict[str, list[dict[str, Any]]] = {
    "calm": [_one("person:ana"), TWO],
    "pair": [_one("person:ana", "person:bob"), TWO],
    "held": [_one("person:cleo"), TWO],
    "repeats": [_one("person:ana", repeat_every="4s"), TWO],
    "climbs": [_one("person:ana", within="5s"), TWO],
    "duty": [_one("schedule:turns", repeat_every="2s"), TWO],
}
"""One policy per service, by its name."""


def write_configuration(directory: Path, url: str, *, handoff: datetime | None = None) -> None:
    """The configuration of a site: everybody is reached by webhook, at an address of their own.

    Args:
        directory: where.
        url: of the receiver.
        handoff: when ana hands over to bob, in `schedule:turns`; never near when omitted.
    """
    handoff = handoff or datetime.now(UTC) + timedelta(days=3)
    shared = {
        "default_policy": "calm",
        "catch_all": "channel:last-resort",
        "channels": {"hook": {"use": "webhook", "secrets": [f"${{{SECRET_NAME}}}"]}},
        "places": {"last-resort": {"channel": "hook", "address": f"{url}/last-resort"}},
    }
    names = ("ana", "bob", "cleo")
    people = {name: {"methods": {"hook": {"channel": "hook", "address": f"{url}/{name}"}}} for name in names}
    turns = {
        "members": ["ana", "bob"],
        "start": (handoff - timedelta(days=5)).date().isoformat(),
        "handoff": f"{handoff:%A %H:%M:%S}".lower(),
    }
    files: dict[str, Any] = {
        "escalade.yaml": shared,
        "people.yaml": {"people": people},
        "schedules/turns.yaml": {"schedule": "turns", "zone": "UTC", "rotation": turns},
    }
    for name, tiers in LADDERS.items():
        files[f"policies/{name}.yaml"] = {"policy": name, "match": [{"service": name}], "tiers": tiers}
    for name, value in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        # JSON is YAML: no writer needed.
        (directory / name).write_text(json.dumps(value), encoding="utf-8")
