"""What may be written in each file of the configuration directory."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from escalade.people.capacity import Capacity
from escalade.people.roster import ChannelTarget, Person, Team, Vendor
from escalade.people.schedule import Schedule
from escalade.policy.model import TargetText
from escalade.time.durations import Duration
from escalade.written import Identifier, Written


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class ChannelBlock(BaseModel):
    """A channel: what kind it is, and the settings of that kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: Identifier
    """The kind of channel: console, smtp, webhook, apprise, or one that an extension brings."""


def _web_address(value: str) -> str:
    if value and not value.startswith(("https://", "http://")) and not value.startswith("${"):
        raise ValueError("this is no web address; write one that begins with https://")
    return value


class WatchSpec(Written):
    """`watch:` of `escalade.yaml`: what looks after Escalade itself."""

    heartbeat_url: Annotated[str, AfterValidator(_web_address)] = ""
    """Called as long as all is well; whoever is behind it raises the alarm when the calls stop."""
    canary_every: Duration | None = None
    """How often a canary ticket runs through the whole engine; never without it. A policy has to match
    `source: escalade-canary`, so that nobody is woken by it."""

    @field_validator("canary_every")
    @classmethod
    def _not_a_flood(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < timedelta(minutes=1):
            raise ValueError("canary_every is shorter than a minute; give at least 1m")
        return value


class EscaladeFile(Written):
    """`escalade.yaml`: what the whole installation shares."""

    catch_all: Annotated[
        list[TargetText],
        BeforeValidator(_listed, json_schema_input_type=TargetText | list[TargetText]),
        Field(min_length=1),
    ]
    """Who is told when a ladder ends and nobody answered. It has to be deliverable at any time."""
    default_policy: Identifier
    """The policy of tickets that match no other."""
    login: str | None = Field(None, min_length=1, max_length=256)
    """Who acts at the command line when neither `--as` nor the operating system's login is somebody of people.yaml."""
    channels: dict[Identifier, ChannelBlock] = Field(min_length=1)
    """The ways to reach somebody, by the names that contact methods use."""
    places: dict[Identifier, ChannelTarget] = Field(default_factory=dict)
    """Shared places that can be told things: `channel:NAME` pages one."""
    watch: WatchSpec = WatchSpec()
    """What looks after Escalade itself."""


class PeopleFile(Written):
    """`people.yaml`: everybody who can be told something."""

    people: dict[Identifier, Person] = Field(min_length=1)
    """Persons by their ids: `person:ID` pages one."""
    teams: dict[Identifier, Team] = Field(default_factory=dict)
    """People who answer together: `team:NAME` pages them all."""
    vendors: dict[Identifier, Vendor] = Field(default_factory=dict)
    """Suppliers: `vendor:NAME` pages one."""
    capacity: Capacity = Capacity()
    """How much is asked of each person whose own entry says nothing else."""


class ScheduleFile(Schedule):
    """A file of `schedules/`: who is on duty when."""

    schedule: Identifier
    """Its name: `schedule:NAME` pages whoever is on duty."""

    def plain(self) -> Schedule:
        """The schedule as the roster keeps it."""
        return Schedule.model_validate(self.model_dump(by_alias=True, exclude_unset=True, exclude={"schedule"}))
