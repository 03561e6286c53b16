"""The calendar that is meant: one of the configuration, a file alone, or the one that is always open."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

from cli.check import config_directory
from cli.failures import WrongCommandError
from escalade.errors import CalendarError, ConfigurationError, HorizonError
from escalade.time.business import BusinessTime
from escalade.time.compile import compile_calendar
from escalade.time.open_time import ALWAYS, OpenTime

if TYPE_CHECKING:
    from escalade.time.calendar import CalendarSpec

ROUND_THE_CLOCK: Final = "always"
_REACHES: Final = (timedelta(days=400), timedelta(days=3_700), timedelta(days=16_000), timedelta(days=75_000))
"""How far around the instants that are asked about a calendar is worked out, until it is far enough."""
YEARS: Final = range(1800, 2500)
"""What may be asked about: time zones know little before, and nobody knows anything after."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Named:
    """A calendar somebody named; None as its specification is the one that is always open."""

    spec: CalendarSpec | None

    @property
    def zone(self) -> ZoneInfo:
        """By whose wall clock local times are meant."""
        return ZoneInfo(self.spec.zone if self.spec else "UTC")

    def answer(self, around: list[datetime], ask: Callable[[OpenTime], Answer]) -> Answer:
        """Ask it, worked out as far as the answer needs.

        Args:
            around: the instants that are asked about.
            ask: what is asked.

        Raises:
            WrongCommandError: when the answer lies further away than two hundred years.
        """
        if self.spec is None:
            return ask(ALWAYS)
        reason = ""
        for reach in _REACHES:
            since, until = min(around) - reach, max(around) + reach
            try:
                return ask(BusinessTime.of(compile_calendar(self.spec, since=since, until=until)))
            except (HorizonError, CalendarError) as error:
                reason = error.message
        raise WrongCommandError(f"There is no answer within two hundred years. {reason}", mend="Ask for less.")


def find_calendar(name: str) -> Named:
    """The calendar of a name or file.

    Raises:
        WrongCommandError: when there is none.
        ConfigurationError: with everything that is wrong with it.
    """
    from configuration.calendars import calendar_file, calendars_of

    if not name.strip():
        raise WrongCommandError("The calendar has no name.", mend="Name one of `escalade calendar list`, or a file.")
    if name == ROUND_THE_CLOCK:
        return Named(None)
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or "/" in name:
        try:
            return Named(calendar_file(path))
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise WrongCommandError(f"{name} cannot be read: {reason}.", mend="Name a calendar file.") from None
    directory = config_directory()
    calendars = calendars_of(directory)
    if name in calendars.specs:
        return Named(calendars.specs[name])
    if name in calendars.names:
        raise ConfigurationError([one for one in calendars.problems if one.file == calendars.names[name]])
    known = sorted([*calendars.names, ROUND_THE_CLOCK])
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    mend = f"{hint}There is {', '.join(known)}; a file is named like ./{name}.yaml."
    raise WrongCommandError(f"There is no calendar {name!r} in {directory / 'calendars'}.", mend=mend)
