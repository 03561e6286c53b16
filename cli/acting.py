"""Who is acting. The command line cannot verify it, so it is recorded as claimed."""

from __future__ import annotations

import contextlib
import difflib
import getpass
import re
from typing import TYPE_CHECKING

import click

from cli.failures import WrongCommandError

if TYPE_CHECKING:
    from cli.invocation import Invocation
    from escalade.errors import ConfigurationError
    from escalade.people import Roster
    from escalade.ticket import Actor

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""The same as `escalade.written.Identifier`, which is a type; a test holds them equal."""
_MEND = "Say who you are with --as PERSON."


def acting_person(invocation: Invocation) -> Actor:
    """The person of the roster who acts: `--as` or ESCALADE_AS, else the login here, else `login` of `escalade.yaml`.

    The login comes before the configuration's: on a machine that several people share, each is who they are.

    A roster that cannot be read keeps nobody from acting: who they say they are is taken as it is, with a warning.

    Raises:
        WrongCommandError: when the roster does not know them; near names are listed.
    """
    from cli.doors import configured_login, people
    from escalade.errors import ConfigurationError
    from escalade.ticket import Actor

    try:
        roster = people()
    except ConfigurationError as error:
        return _claimed(invocation, error)
    logins = [(invocation.person, _source())] if invocation.person else _own_login()
    for login, _ in logins:
        person = roster.person_of(login)
        if person is not None:
            return Actor(kind="person", id=person, via="cli", claimed=True)
    if not invocation.person and (configured := configured_login()):
        person = roster.person_of(configured)
        if person is not None:
            return Actor(kind="person", id=person, via="cli", claimed=True)
        logins = [(configured, "login of escalade.yaml")]
    if not logins:
        raise WrongCommandError("This machine has no login name for you.", mend=_MEND)
    raise _unknown(*logins[-1], roster)


def _claimed(invocation: Invocation, broken: ConfigurationError) -> Actor:
    """Who acts while `people.yaml` cannot be read: somebody of its readable part, else the id that was given."""
    from cli.doors import configured_login, readable_people
    from cli.render.plain import lines
    from escalade.ticket import Actor

    known = readable_people()
    own = [(invocation.person, _source())] if invocation.person else []
    configured = [(login, "login of escalade.yaml")] if (login := configured_login()) else []
    # Unchecked, the configured one goes before the own: nobody knows whose a login of this machine is.
    logins = own or [*configured, *_own_login()]
    matched = next((found for text, _ in reversed(logins) if (found := known.person_of(text))), None)
    person = matched or next((text for text, _ in logins if _ID.fullmatch(text)), None)
    if person is None:
        raise WrongCommandError(
            f"people.yaml cannot be read, and {logins[0][0]!r} is no id." if logins else "Nobody says who you are.",
            mend="Give your id of people.yaml: --as PERSON.",
        ) from None
    errors = [str(problem) for problem in broken.problems if problem.level == "error"]
    first = errors[0] if errors else broken.message
    more = f" (and {len(errors) - 1} more errors)" if len(errors) > 1 else ""
    click.echo(
        lines(f"Warning: people.yaml cannot be used, so you act as {person!r} unchecked.\n  {first}{more}"), err=True
    )
    return Actor(kind="person", id=person, via="cli", claimed=True)


def _source() -> str:
    """Where the name of who acts was given."""
    context = click.get_current_context(silent=True)
    given = context.get_parameter_source("as_person") if context is not None else None
    return "ESCALADE_AS" if given is click.core.ParameterSource.ENVIRONMENT else "--as"


def _own_login() -> list[tuple[str, str]]:
    with contextlib.suppress(OSError, KeyError):
        return [(getpass.getuser(), "your login here")]
    return []


def _unknown(login: str, source: str, roster: Roster) -> WrongCommandError:
    names = {alias.lower(): pid for pid, person in roster.people.items() for alias in (pid, *person.logins)}
    sharing = sorted(p for p, person in roster.people.items() if login.lower() in map(str.lower, person.logins))
    if len(sharing) > 1:
        return WrongCommandError(
            f"{login!r} ({source}) is a login of several people: {', '.join(sharing)}.", mend=_MEND
        )
    near = list(dict.fromkeys(names[n] for n in difflib.get_close_matches(login.lower(), names, n=5)))
    hint = f"Did you mean {' or '.join(near)}?" if near else f"It knows {_some(roster)}."
    return WrongCommandError(f"{login!r} ({source}) is nobody in people.yaml.", mend=f"{hint} {_MEND}")


def _some(roster: Roster) -> str:
    names = sorted(roster.people)
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "") or "nobody"
