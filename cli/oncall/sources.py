"""Where the commands that say who is on duty take the roster and its changes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import click

from cli.oncall.spans import is_local, read_local
from escalade.errors import InstantError

if TYPE_CHECKING:
    from escalade.people import Roster
    from escalade.people.changes import Changes

AROUND: Final = timedelta(days=400)
"""Changes so far from what is asked are read, too: a shift may begin or end there."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--file`, `--people` and `--changes`."""
    path = click.Path(path_type=Path, dir_okay=False)
    file = click.option("--file", type=path, metavar="FILE", help="Try a schedule file alone, without configuration.")
    people = click.option("--people", type=path, metavar="FILE", help="With --file: the people.yaml to go with it.")
    changes = click.option("--changes", type=path, metavar="FILE", help="With --file: overrides and time off to try.")
    return file(people(changes(function)))


@dataclass(frozen=True, slots=True)
class Source:
    """The roster and what was changed of it, as far as it concerns a window."""

    roster: Roster
    schedules: list[str]
    """Those that are asked for."""
    changes_between: Callable[[datetime, datetime], Changes]
    """What was changed, or is to be, between two instants and around them."""

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of the schedules asked for; None where they have several."""
        zones = {self.roster.schedules[name].zone for name in self.schedules}
        return ZoneInfo(zones.pop()) if len(zones) == 1 else None

    def instant(self, option: str, text: str, now: datetime) -> datetime:
        """An instant as typed, on the wall clock of the schedules unless it names an offset.

        Raises:
            InstantError: when it is none.
        """
        try:
            found = read_local(text, self.zone or ZoneInfo("UTC"), now)
        except InstantError as error:
            raise InstantError(f"{option}: {error.message}", mend=error.mend) from None
        except OverflowError:
            found = LATEST + AROUND
        if not EARLIEST <= found <= LATEST:
            raise InstantError(f"{option}: {text!r} is too far away.", mend="Name one from 1970 to 2199.")
        if self.zone is None and is_local(text):
            mend = "Add an offset, like 2026-12-24T18:00+01:00, or name one schedule."
            raise InstantError(
                f"{option}: {text!r} names no offset, and the schedules are in several zones.", mend=mend
            )
        return found


def source(
    schedule: str | None, *, now: datetime, file: Path | None, people: Path | None, changes: Path | None
) -> Source:
    """Open what a command reads: the configuration and the store, or the files of a trial.

    Args:
        schedule: its name as typed; None for all of them.
        now: the instant of asking.
        file: a schedule to try.
        people: the people of the trial.
        changes: the changes of the trial.

    Raises:
        EscaladeError: when something cannot be read, or there is no such schedule.
    """
    from cli.failures import WrongCommandError
    from cli.oncall.complaints import Complaints
    from cli.oncall.named import schedule_of

    if file is None:
        if people is not None or changes is not None:
            alone = "--people" if people is not None else "--changes"
            raise WrongCommandError(f"{alone} goes with --file.", mend="Name the schedule to try with --file.")
        from cli.doors import roster

        known = roster()
    else:
        from cli.oncall.trial import try_schedule

        known = try_schedule(file, people)
    complaints = Complaints()
    if schedule is not None:
        schedule = schedule.removeprefix("schedule:")
        schedule_of(complaints, known, schedule)
    complaints.tell()
    names = [schedule] if schedule is not None else list(known.schedules)
    if file is None:
        return Source(known, names, lambda since, until: _stored(known, now, since, until))
    from cli.oncall.trial import try_changes
    from escalade.people.changes import Changes

    tried = try_changes(changes, next(iter(known.schedules)), known) if changes is not None else Changes()
    return Source(known, names, lambda _since, _until: tried)


def _stored(known: Roster, now: datetime, since: datetime, until: datetime) -> Changes:
    """What is stored, and what a worker would store if it read the configuration now."""
    from cli.doors import store_if_any
    from escalade.people.changes import Changes
    from escalade.people.versions import settled

    with store_if_any() as store:
        found = store.changes(since - AROUND, until + AROUND) if store is not None else Changes()
    return settled(known, found, now)
