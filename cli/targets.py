"""Whom a person means: `ana`, `person:ana`, a login, or `team:sre`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from cli.failures import WrongCommandError

if TYPE_CHECKING:
    from escalade.people import Roster


def find_target(written: str) -> str:
    """The target `kind:id` that is meant, checked against the roster.

    Raises:
        WrongCommandError: when the roster has none of that name.
    """
    from cli.doors import people, roster

    # Schedules and places need the whole configuration; people, teams and vendors do not.
    if written.partition(":")[0] in ("schedule", "channel"):
        return target_in(roster(), written)
    return target_in(people(), written)


def target_in(roster: Roster, written: str) -> str:
    """The target that is meant by a text, in this roster. See `find_target`."""
    from escalade.people import parse_target
    from escalade.people.roster import TARGET_KINDS

    if ":" not in written:
        person = roster.person_of(written)
        if person is not None:
            return f"person:{person}"
        elsewhere = [f"{kind}:{written}" for kind in TARGET_KINDS if written in roster.names(kind)]
        raise _nobody(written, elsewhere or _near(written, roster.names("person"), "person"))
    try:
        target = parse_target(written)
    except ValueError:
        raise WrongCommandError(
            f"{written!r} names nobody.",
            mend=f"Write a person, or {', '.join(f'{k}:' for k in TARGET_KINDS)} and a name.",
        ) from None
    if target.kind == "person" and (person := roster.person_of(target.id)) is not None:
        return f"person:{person}"
    if not roster.has(target):
        raise _nobody(written, _near(target.id, roster.names(target.kind), target.kind))
    return str(target)


def _near(name: str, names: list[str], kind: str) -> list[str]:
    return [f"{kind}:{near}" for near in difflib.get_close_matches(name.lower(), names, n=3)]


def _nobody(written: str, near: list[str]) -> WrongCommandError:
    mend = f"Did you mean {' or '.join(near)}?" if near else "See people.yaml and schedules/ for who there is."
    return WrongCommandError(f"There is no {written!r} in the roster.", mend=mend)
