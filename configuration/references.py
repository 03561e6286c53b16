"""`${NAME}`: what stands for a value of the environment, so that secrets are never written into files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from configuration.document import Document, KeyPath, Redactor
from escalade.errors import Problem

REFERENCE: Final = r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"
_REFERENCE = re.compile(REFERENCE)
_ATTEMPT = re.compile(r"\$\{[^}]*\}?")
_WHERE: Final = "References are read in the settings of channels and in addresses only."


def is_reference(value: object) -> bool:
    """Whether a value was meant to take something from the environment, well written or not."""
    return isinstance(value, str) and _ATTEMPT.search(value) is not None


def has_reference(value: object) -> bool:
    """Whether a value takes something from the environment."""
    return isinstance(value, str) and _REFERENCE.search(value) is not None


def names_in(text: str) -> list[str]:
    """The variables a text refers to."""
    return _REFERENCE.findall(text)


class References:
    """Puts values of the environment where files refer to them, and notes what is missing."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.hidden = Redactor()
        """Everything taken from the environment so far."""

    def fill(self, document: Document, path: KeyPath) -> tuple[Any, list[Problem]]:
        """The value at a path with its references filled in, and what is wrong with them."""
        problems: list[Problem] = []
        return self._fill(document, path, document.at(path), problems), problems

    def _fill(self, document: Document, path: KeyPath, value: Any, problems: list[Problem]) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(document, (*path, key), item, problems) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(document, (*path, n), item, problems) for n, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        for attempt in _ATTEMPT.findall(value):
            if not _REFERENCE.fullmatch(attempt):
                mend = "Write ${NAME}: letters, digits and _, no default."
                problems.append(document.problem(path, f"{attempt[:60]} is not a reference.", mend))
        for name in dict.fromkeys(names_in(value)):
            if not self._env.get(name):
                state = "is empty" if name in self._env else "is not set"
                mend = "Set it where Escalade runs (secrets are never written here)."
                problems.append(document.problem(path, f"The environment variable {name} {state}.", mend))
        return _REFERENCE.sub(self._value, value)

    def _value(self, match: re.Match[str]) -> str:
        value = self._env.get(match[1], "")
        self.hidden.hide(value, match[0])
        return value


def misplaced(document: Document) -> Iterator[Problem]:
    """References where none are read: they would be taken literally, and nobody would notice."""
    for path, text in document.texts():
        if has_reference(text) and not _may_refer(document.file, path):
            name = names_in(text)[0]
            yield document.problem(path, f"${{{name}}} is not read here.", _WHERE)


def _may_refer(file: str, path: KeyPath) -> bool:
    match (file, *path):
        case ("escalade.yaml", "channels", _, key, *_):
            return key != "use"
        case ("escalade.yaml", "places", _, "address") | ("escalade.yaml", "watch", "heartbeat_url"):
            return True
        case ("people.yaml", "people" | "vendors", _, "methods", _, "address"):
            return True
        case (schedule, "feed", "url"):
            return str(schedule).startswith("schedules/")
        case _:
            return False
