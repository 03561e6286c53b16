"""Eras of a schedule: what it said from one reload that changed it to the next, and whose turn that left (decision 34).

Whoever is on duty when a rotation changes stays to the end of the shift, then the new order follows; somebody who was
removed is replaced at once by the next; instants of the past are answered by the version of their time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from escalade.people.changes import Turn, Version
from escalade.people.rotation import Rotation
from escalade.people.schedule import Feed, Layer, Schedule, rotation_name
from escalade.people.slots import Slots
from escalade.written import KEPT

BEGINNING: Final = datetime(1, 1, 3, tzinfo=UTC)
END: Final = datetime(9999, 12, 29, tzinfo=UTC)
_FED: Final = Feed(url="feed")
"""Stands for the feed of a past version: only that it was one matters, and its address may hold a secret."""


class Track:
    """One rotation of one era: its slots, and who has them."""

    def __init__(self, layer: Layer, number: int, zone: ZoneInfo, turn: Turn | None, since: datetime) -> None:
        """Read a rotation.

        Args:
            layer: its layer.
            number: its place there.
            zone: the schedule's.
            turn: whose turn it was when the era began; None where the rotation's own start decides.
            since: when the era began.
        """
        self.layer = layer
        self.rotation: Rotation = layer.all_rotations[number]
        self.name = rotation_name(layer, number)
        self.zone = ZoneInfo(layer.zone) if layer.zone else zone
        self.slots = Slots(self.rotation, self.zone)
        self.turn = turn
        self._phase = 0
        if turn is not None:
            under_way = self.slots.number_at(since)
            if self.slots.begins(under_way + 1) == turn.until:
                self._phase = turn.position - under_way
            else:
                self._phase = turn.position + 1 - self.slots.number_at(turn.until)

    def position(self, number: int, at: datetime) -> int:
        """Whose turn a slot is, as a place among the members."""
        if self.turn is not None and at < self.turn.until:
            return self.turn.position % len(self.rotation.members)
        return (number + self._phase) % len(self.rotation.members)

    def is_carried(self, at: datetime) -> bool:
        """Whether the turn is still the one that was under way when the era began."""
        return self.turn is not None and at < self.turn.until

    def is_valid(self, at: datetime) -> bool:
        """Whether the rotation counts at an instant, `from` and `until` considered."""
        return self.slots.is_valid(at)


class Era(NamedTuple):
    """A schedule as it was from an instant (included) to another (excluded)."""

    start: datetime
    end: datetime
    schedule: Schedule
    tracks: tuple[tuple[Track, ...], ...]
    """By layer, highest first."""


def eras(schedule: Schedule, name: str, versions: Sequence[Version]) -> list[Era]:
    """The eras of a schedule, from the beginning of time to its end.

    Args:
        schedule: as configured now.
        name: its name.
        versions: what is stored, of any schedule.
    """
    found = stored_eras(name, versions)
    if not found:
        _append(found, BEGINNING, schedule, {})
    elif written(found[-1].schedule) != written(schedule):
        # Not stored yet: as if it had been when the last one was.
        at = max(version.at for version in versions if version.schedule == name)
        _append(found, at, schedule, {(turn.layer, turn.rotation): turn for turn in carried(found[-1], schedule, at)})
    return found


def stored_eras(name: str, versions: Sequence[Version]) -> list[Era]:
    """The eras of a schedule that versions are stored of."""
    found: list[Era] = []
    for version in sorted((v for v in versions if v.schedule == name), key=lambda version: version.at):
        try:
            was = read_version(version)
        except ValidationError:
            # Written by a newer Escalade, before a rollback: what is configured now answers. The store logs it.
            continue
        _append(found, version.at, was, {(turn.layer, turn.rotation): turn for turn in version.turns})
    return found


def _append(found: list[Era], at: datetime, schedule: Schedule, turns: dict[tuple[str, str], Turn]) -> None:
    start = at if found else BEGINNING
    if found:
        found[-1] = found[-1]._replace(end=start)
    tracks = tuple(
        tuple(
            Track(layer, n, schedule.tzinfo, turns.get((layer.name, rotation_name(layer, n))), at)
            for n in range(len(layer.all_rotations))
        )
        for layer in schedule.stack()
    )
    found.append(Era(start, END, schedule, tracks))


def carried(era: Era, schedule: Schedule, at: datetime) -> tuple[Turn, ...]:
    """Whose turn the rotations of a schedule that changes are on, so that nobody is moved by the change.

    Args:
        era: the one that ends.
        schedule: as it is from now on.
        at: the instant of the change.
    """
    return tuple(_carried(era, schedule, at))


def _carried(era: Era, schedule: Schedule, at: datetime) -> Iterator[Turn]:
    was = {(track.layer.name, track.name): track for layer in era.tracks for track in layer}
    layers = schedule.stack()
    new = [(layer, n) for layer in layers for n in range(len(layer.all_rotations))]
    for layer, n in new:
        key = (layer.name, rotation_name(layer, n))
        # A schedule that gets its first second layer changes the name of the only one it had.
        old = was.get(key) or (next(iter(was.values())) if len(was) == len(new) == 1 else None)
        if old is None or not old.is_valid(at):
            continue
        number = old.slots.number_at(at)
        turns = layer.all_rotations[n].turns
        position = _place(old.rotation.turns, turns, old.position(number, at))
        yield Turn(
            layer=key[0],
            rotation=key[1],
            position=position,
            on_duty=turns[position],
            until=old.turn.until if old.turn and old.is_carried(at) else old.slots.begins(number + 1),
        )


def _place(old: list[tuple[str, ...]], new: list[tuple[str, ...]], position: int) -> int:
    """Where whoever has the turn stands in the new order; if they are gone, the next of the old order who is there."""
    for step in range(len(old)):
        turn, following = old[(position + step) % len(old)], old[(position + step + 1) % len(old)]
        same = [n for n, one in enumerate(new) if one == turn]
        same = same or [n for n, one in enumerate(new) if set(one) & set(turn)]
        if same:
            return next((n for n in same if new[(n + 1) % len(new)] == following), same[0])
    return 0


def written(schedule: Schedule) -> dict[str, Any]:
    """What of a schedule decides who is on duty, as it would be written."""
    if schedule.feed is not None:
        schedule = schedule.model_copy(update={"feed": _FED})
    return schedule.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, include={"zone", "rotation", "layers", "feed"}
    )


def read_version(version: Version) -> Schedule:
    """The schedule that a version keeps. It was judged when it was taken: now it is only read.

    Raises:
        ValidationError: when it cannot be read.
    """
    return Schedule.model_validate(version.written, context=KEPT)
