"""The policies: each checked against its own rules, the roster and the steps, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ValidationError

from configuration.channels import Channels
from configuration.directory import POLICIES, Sources
from configuration.document import Document, KeyPath
from configuration.explain import explain
from configuration.lint import dead_ends, unreachable
from configuration.parts import Parts, validate_parts
from configuration.people import People
from configuration.shape import keys_of, listed, suggestion
from escalade.errors import Problem
from escalade.extension import Step
from escalade.people.roster import parse_target
from escalade.policy.arming import doubts
from escalade.policy.compile import complaints
from escalade.policy.model import PolicySpec, StepSpec
from escalade.ticket import Status
from escalade.time.calendar import CalendarSpec

WEBHOOK = "webhook"
"""A kind of channel, and the step that is signed with the secrets of one."""

_MISSING = re.compile(r"There is no (\w+) '")
"""How it is said that the roster has no such thing."""
_TOGETHER = (
    "acknowledge_within",
    "repeat_every",
    "resolve_within",
    "acknowledgement_lasts",
    "nobody",
    "how",
)


@dataclass(slots=True)
class Policies:
    """The policies as far as they could be read, in file order."""

    steps: Mapping[str, type[Step]]
    people: People
    channels: Channels
    specs: list[PolicySpec] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Every name written and its file, those of broken policies included."""
    problems: list[Problem] = field(default_factory=list)
    calendars: Mapping[str, CalendarSpec] | None = None
    """Every calendar; None while that is not known, because one of them is broken."""
    at: datetime | None = None
    """The instant of loading: calendars have to be open after it."""
    _documents: dict[str, Document] = field(default_factory=dict)

    def read(self, sources: Sources, *, catch_all: list[str]) -> None:
        """Read and check every file of `policies/`; problems are collected.

        Args:
            sources: the files.
            catch_all: the installation's catch-all, for policies without one.
        """
        for file in sorted(sources.unreadable):
            if file.startswith(f"{POLICIES}/"):
                self.names[_stem(file)] = file
        for document in sources.policies:
            parts = validate_parts(document, PolicySpec, stand_ins={"policy": "stand-in"})
            self.problems += parts.problems
            if not self._named(document):
                continue
            if parts.value is not None:
                self._check(document, parts, catch_all)

    def check_together(self, *, default: str) -> None:
        """Warn of policies that no ticket can get; nothing is said while the default itself is wrong."""
        if default not in self.names:
            return
        for name, found, mend, path in unreachable(self.specs, default=default):
            self.problems.append(self._documents[name].problem(path, found, mend, level="warning"))

    def _named(self, document: Document) -> bool:
        written = document.at(("policy",))
        name = written if isinstance(written, str) else _stem(document.file)
        first = self.names.setdefault(name, document.file)
        if first != document.file:
            found = f"There is a policy {name!r} in {first} already."
            self.problems.append(document.problem(("policy",), found, "Rename one of them."))
        return first == document.file

    def _check(self, document: Document, parts: Parts[PolicySpec], catch_all: list[str]) -> None:
        spec = parts.value
        assert spec is not None
        complained = complaints(spec, self.people.roster, catch_all=catch_all, calendars=self.calendars, at=self.at)
        for place, found, mend in complained:
            path = _as_written(document, place)
            if self._trustworthy(document, parts, path, found):
                self.problems.append(document.problem(path, found, mend))
        for n, tier in enumerate(spec.tiers):
            for k, step in enumerate(tier.steps):
                self.problems += self._check_step(document, ("tiers", n, "steps", k), step)
        known = [status.value for status in Status]
        for status in spec.status_names:
            if status not in known:
                mend = f"{suggestion(status, known)}Allowed: {listed(known)}."
                self.problems.append(document.problem(("status_names", status), f"{status!r} is no status.", mend))
        if not parts.problems:
            self.specs.append(spec)
            self._documents[spec.policy] = document
        if not parts.problems and not complained:
            doubtful = [*dead_ends(spec, self.people.roster if self.people.sound else None), *doubts(spec)]
            for path, found, mend in doubtful:
                self.problems.append(document.problem(path, found, mend, level="warning"))

    def _trustworthy(self, document: Document, parts: Parts[PolicySpec], path: KeyPath, found: str) -> bool:
        """Whether a complaint is about what is written, not about what was left out because it was broken."""
        if path[0] == "catch_all" and not self.people.sound:
            return "cannot be delivered" not in found
        if path[2:3] == ("page",):
            named = document.at(path)
            return isinstance(named, str) and not _is_unknown(self.people, named) and not parts.concerns(path)
        if path[2:3] == ("acknowledge_by",) and parts.concerns((*path[:2], "page")):
            return False  # how many can acknowledge is not known
        missing = _MISSING.match(found)
        if missing is not None and missing[1] in self.people.unknown:
            return False
        # A tier's lengths are judged together with its other keys, its names by themselves.
        return not parts.concerns(path[:2] if path[2:3] and path[2] in _TOGETHER else path)

    def _check_step(self, document: Document, path: KeyPath, step: StepSpec) -> list[Problem]:
        model = self.steps.get(step.use)
        if model is None:
            known = sorted(self.steps)
            mend = f"{suggestion(step.use, known)}Installed: {listed(known)}."
            return [document.problem((*path, "use"), f"There is no step {step.use!r}.", mend)]
        if not issubclass(model, BaseModel):
            return []
        allowed = list(keys_of(model))
        ignored = [] if model.model_config.get("extra") in ("forbid", "allow") else [*step.with_.keys() - allowed]
        problems = [
            document.problem(
                (*path, "with", key),
                f"{key[:60]!r} is no key here.",
                f"{suggestion(key, allowed)}Allowed: {listed(allowed)}.",
            )
            for key in ignored
        ]
        at = (*path, "with") if document.at((*path, "with")) is not None else path
        try:
            model.model_validate(step.with_)
        except ValidationError as error:
            problems += [one.problem for one in explain(error, document, model, at=at)]
        return problems + self._check_channel(document, path, step)

    def _check_channel(self, document: Document, path: KeyPath, step: StepSpec) -> list[Problem]:
        """A webhook step is signed with the secrets of a channel: it has to be one that has such secrets."""
        named = step.with_.get("channel")
        if step.use != WEBHOOK or not isinstance(named, str) or not self.channels.complete:
            return []
        at = (*path, "with", "channel")
        kind = self.channels.used.get(named)
        of_kind = sorted(name for name, use in self.channels.used.items() if use == WEBHOOK)
        mend = f"{suggestion(named, of_kind)}Webhook channels in escalade.yaml: {listed(of_kind) or 'none'}."
        if named not in self.channels.known:
            return [document.problem(at, f"There is no channel {named[:60]!r}.", mend)]
        if kind is None or kind == WEBHOOK:
            return []
        return [document.problem(at, f"Channel {named!r} is no webhook: it is {kind}.", mend)]


def _as_written(document: Document, place: KeyPath) -> KeyPath:
    """A place in a policy, without the positions of what is written without the list around it."""
    path: KeyPath = ()
    for key in place:
        if not isinstance(key, int) or isinstance(document.at(path), list):
            path = (*path, key)
    return path


def _stem(file: str) -> str:
    return file.removeprefix(f"{POLICIES}/").removesuffix(".yaml")


def _is_unknown(people: People, text: str) -> bool:
    try:
        target = parse_target(text)
    except ValueError:
        return True
    return target.kind in people.unknown or target in people.stand_ins
