"""Changes of the roster made at run time: overrides, temporary schedules, swaps, time off, and what else moves duty.

They are kept in the store and given to whoever asks who is on duty; nothing here decides that. What was kept must be
read for good: what a change may not say is judged when it is made, by `escalade.people.clashes.senseless`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from escalade.time.instants import Instant
from escalade.written import Identifier

ChangeKind = Literal["override", "temporary", "swap", "away"]
OverrideForm = Literal["add", "remove", "replace"]

_T = TypeVar("_T", bound="DutySlot | _Change")


class DutySlot(BaseModel):
    """Somebody, from an instant (included) to another (excluded)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: Identifier
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        return _in_order(self)


class _Change(BaseModel):
    """What every change made by a person has in common."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Short, and unique among all changes."""
    start: Instant
    """Included."""
    end: Instant
    """Excluded. Of a change that was removed while it was in force: when it was removed."""
    made_at: Instant
    by: str = ""
    """Who made it: an id of people.yaml."""
    reason: str = ""

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        return _in_order(self)


class Override(_Change):
    """Other people than the layers say, in a window of a schedule."""

    kind: Literal["override"] = "override"
    schedule: Identifier
    form: OverrideForm
    """`add` these people; `remove` one; let these people `replace` one, or everybody."""
    whom: Identifier | None = None
    """Who leaves. None with `replace` means everybody; `add` has none."""
    people: tuple[Identifier, ...] = ()
    """Who comes; `remove` has none."""
    priority: int = 0
    """Of overlapping ones the higher wins, then the one made later (decision 35)."""

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if (self.form == "remove") is bool(self.people):
            raise ValueError("`remove` names who leaves and nobody who comes; the others name who comes")
        if (self.form == "remove" and self.whom is None) or (self.form == "add" and self.whom is not None):
            raise ValueError("`remove` names who leaves, `add` does not")
        return self


class Temporary(_Change):
    """A schedule of its own that replaces everything in its window, gaps included."""

    kind: Literal["temporary"] = "temporary"
    schedule: Identifier
    shifts: tuple[DutySlot, ...] = ()


class Swap(_Change):
    """Two people take each other's shift of a schedule. `start` and `end` span both."""

    kind: Literal["swap"] = "swap"
    schedule: Identifier
    first: DutySlot
    """Whose shift it was; the person of `second` takes it."""
    second: DutySlot
    """Whose shift it was; the person of `first` takes it."""


class Away(_Change):
    """Time off: somebody is not there, whatever schedule they are in."""

    kind: Literal["away"] = "away"
    person: Identifier


Change = Annotated[Override | Temporary | Swap | Away, Field(discriminator="kind")]
"""One change, made by a person at run time."""


class Turn(BaseModel):
    """Whose turn a rotation was on when a version of its schedule began, so that nobody is moved by the change."""

    model_config = ConfigDict(frozen=True)

    layer: str
    rotation: str
    position: int
    """Where they stand among the members of this version, from 0."""
    on_duty: tuple[str, ...] = ()
    """Who stays on duty across the change, or takes over from somebody who was removed."""
    until: Instant
    """The end of the shift that was under way: the new order follows from there."""


class Version(BaseModel):
    """A schedule as it is from an instant on, until the next version of it (decision 34).

    `escalade.people.versions.new_versions` says which are missing; whoever loads a configuration stores those.
    """

    model_config = ConfigDict(frozen=True)

    schedule: Identifier
    at: Instant
    """From when on; the first one of a schedule holds for all time before it, too."""
    written: dict[str, Any] = Field(default_factory=dict)
    """The schedule as written, so that instants of this version can be answered when the configuration moved on."""
    turns: tuple[Turn, ...] = ()
    """Of the rotations that went on from the version before; the others are as their `start` says."""


class ImportedShifts(BaseModel):
    """What a schedule's feed says, as last read."""

    model_config = ConfigDict(frozen=True)

    schedule: Identifier
    shifts: tuple[DutySlot, ...] = ()
    fetched_at: Instant
    stale: str = ""
    """Why it was not read since then, or what of it was not taken; empty when the last look succeeded."""


class Changes(BaseModel):
    """Everything that moves duty besides the configuration, as known at one instant."""

    model_config = ConfigDict(frozen=True)

    overrides: tuple[Override, ...] = ()
    temporaries: tuple[Temporary, ...] = ()
    swaps: tuple[Swap, ...] = ()
    aways: tuple[Away, ...] = ()
    versions: tuple[Version, ...] = ()
    imported: tuple[ImportedShifts, ...] = ()


def _in_order(window: _T) -> _T:
    if window.end <= window.start:
        raise ValueError("it ends before it begins; the end is excluded and later than the start")
    return window
