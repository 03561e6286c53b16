"""Loading a configuration directory: everything is checked, everything wrong is said, and nothing is half loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from configuration.calendars import Calendars
from configuration.channels import Channels
from configuration.directory import ESCALADE, Sources, read_directory
from configuration.document import Document
from configuration.files import EscaladeFile, WatchSpec
from configuration.gaps import coming_gaps
from configuration.maintenance import read_maintenance
from configuration.model import Configuration
from configuration.parts import Parts, validate_parts
from configuration.people import People
from configuration.policies import Policies
from configuration.references import References, misplaced
from configuration.shape import listed, suggestion
from configuration.watch import read_watch
from escalade.errors import ConfigurationError, Problem
from escalade.extension import Channel, Step
from escalade.people.roster import Roster, Target, parse_target
from escalade.record import canonical

_UNKNOWN = "unknown"
_STAND_INS = {
    "catch_all": ["person:unknown"],
    "default_policy": _UNKNOWN,
    "channels": {_UNKNOWN: {"use": _UNKNOWN}},
}


def load(
    directory: Path,
    *,
    env: Mapping[str, str],
    channels: Mapping[str, type[Channel]],
    steps: Mapping[str, type[Step]],
) -> Configuration:
    """Load a configuration directory.

    Args:
        directory: where `escalade.yaml` is.
        env: what `${NAME}` references read.
        channels: the kinds of channel that exist, by what `use:` says.
        steps: the steps that exist, by what `use:` says.

    Raises:
        ConfigurationError: with every error there is. Warnings are in the configuration.
    """
    configuration, problems = _read(directory, env=env, channels=channels, steps=steps)
    if configuration is None:
        raise ConfigurationError([problem for problem in problems if problem.level == "error"])
    return configuration


def load_roster(directory: Path, *, env: Mapping[str, str], channels: Mapping[str, type[Channel]]) -> Roster | None:
    """The people, schedules and places alone: who is on duty is known whatever is wrong with the rest.

    Args:
        directory: where `escalade.yaml` is.
        env: what `${NAME}` references read.
        channels: the kinds of channel that exist, by what `use:` says.

    Returns:
        None when something of these is wrong.
    """
    sources = read_directory(directory)
    people = _read_shared(sources, Channels(channels, References(env)))[1]
    whole = sources.escalade is not None and people.sound and not people.stand_ins
    return people.roster if whole else None


def check(
    directory: Path,
    *,
    env: Mapping[str, str],
    channels: Mapping[str, type[Channel]],
    steps: Mapping[str, type[Step]],
    now: datetime | None = None,
) -> list[Problem]:
    """Everything wrong with a configuration directory, warnings included, by file and line; empty when all is well.

    Args:
        directory: where `escalade.yaml` is.
        env: what `${NAME}` references read.
        channels: the kinds of channel that exist, by what `use:` says.
        steps: the steps that exist, by what `use:` says.
        now: with it, times of the next weeks with nobody on duty are warned of.
    """
    return _read(directory, env=env, channels=channels, steps=steps, now=now)[1]


def _read(
    directory: Path,
    *,
    env: Mapping[str, str],
    channels: Mapping[str, type[Channel]],
    steps: Mapping[str, type[Step]],
    now: datetime | None = None,
) -> tuple[Configuration | None, list[Problem]]:
    sources = read_directory(directory)
    problems = list(sources.problems)
    if not directory.is_dir():
        return None, problems
    references = References(env)
    book = Channels(channels, references)
    shared, people = _read_shared(sources, book)
    problems += shared.problems if shared is not None else []
    calendars = Calendars()
    calendars.read(sources)
    policies = Policies(steps, people, book)
    policies.at = now or datetime.now(UTC)
    if calendars.specs.keys() == calendars.names.keys():
        policies.calendars = calendars.specs  # otherwise a name that is not known may be that of a broken one
    catch_all = shared.value.catch_all if shared and shared.value else ["person:unknown"]
    policies.read(sources, catch_all=catch_all)
    if sources.escalade is not None and shared is not None and shared.value is not None:
        problems += _check_shared(sources.escalade, shared, people, policies)
        if not shared.concerns(("default_policy",)):
            policies.check_together(default=shared.value.default_policy)
    watch = WatchSpec()
    if sources.escalade is not None and shared is not None and shared.value is not None:
        watch, found = read_watch(sources.escalade, shared.value, references, policies.specs)
        problems += found
    maintenance = read_maintenance(sources.maintenance)
    problems += maintenance.problems
    for document in sources.documents():
        problems += misplaced(document)
    problems += book.problems + people.problems + calendars.problems + policies.problems
    if now is not None and people.sound:
        problems += coming_gaps(sources.schedules, people.roster, now)
    problems = sorted(set(problems))
    if shared is None or shared.value is None or any(problem.level == "error" for problem in problems):
        return None, problems
    file = shared.value
    configuration = Configuration(
        directory=directory,
        digest=_digest(sources),
        roster=people.roster,
        policies=tuple(policies.specs),
        default_policy=file.default_policy,
        catch_all_targets=tuple(file.catch_all),
        channels=book.configs,
        calendars=calendars.specs,
        watch=watch,
        windows=tuple(maintenance.windows),
        login=file.login,
        warnings=tuple(problems),
    )
    return configuration, problems


def _read_shared(sources: Sources, book: Channels) -> tuple[Parts[EscaladeFile] | None, People]:
    """Read `escalade.yaml`, and everybody who can be told something, by the channels in it."""
    shared, people = None, People()
    if sources.escalade is not None:
        shared = validate_parts(sources.escalade, EscaladeFile, stand_ins=_STAND_INS)
        book.read(sources.escalade)
    people.read(sources, book)
    if sources.escalade is not None and shared is not None:
        people.read_places(sources.escalade, shared.value.places if shared.value else {}, book)
    return shared, people


def _check_shared(document: Document, shared: Parts[EscaladeFile], people: People, policies: Policies) -> list[Problem]:
    """What `escalade.yaml` names has to exist."""
    file, found = shared.value, []
    assert file is not None
    if not shared.concerns(("default_policy",)) and file.default_policy not in policies.names:
        known = list(policies.names)
        mend = f"{suggestion(file.default_policy, known)}Known in policies/: {listed(known)}."
        found.append(document.problem(("default_policy",), f"There is no policy {file.default_policy!r}.", mend))
    written = document.at(("catch_all",))
    for n, text in enumerate(file.catch_all):
        target = parse_target(text)
        path = ("catch_all", n) if isinstance(written, list) else ("catch_all",)
        if target.kind not in people.unknown and not shared.concerns(path):
            found += _check_catch_all(document, path, target, people)
    if not people.complete:
        return found
    if file.login is not None and not shared.concerns(("login",)) and people.roster.person_of(file.login) is None:
        mend = "Name an id of people.yaml, or one of somebody's logins."
        found.append(document.problem(("login",), f"{file.login!r} is nobody of people.yaml.", mend))
    return found


def _check_catch_all(document: Document, path: tuple[str | int, ...], target: Target, people: People) -> list[Problem]:
    if not people.roster.has(target):
        known = people.roster.names(target.kind)
        mend = f"{suggestion(target.id, known)}Known: {listed(known, most=8)}."
        return [document.problem(path, f"There is no {target.kind} {target.id!r}.", mend)]
    if people.sound and not people.roster.deliverable(target):
        mend = "Name a person with a contact method, a team of them, or a place of escalade.yaml."
        return [document.problem(path, f"The catch-all '{target}' cannot be delivered to anybody.", mend)]
    return []


def _digest(sources: Sources) -> str:
    """Over what is written: comments and layout change nothing, and references stay references."""
    return hashlib.sha256(canonical({document.file: document.data for document in sources.documents()})).hexdigest()


__all__ = ["ESCALADE", "check", "load"]
