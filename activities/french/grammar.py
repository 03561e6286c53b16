"""Sentences with holes, and what stands in the holes: the way from an English sentence to a French one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

Missed = list[str]
"""What had no French form: sentences that are new, and words that somebody wrote."""
Say = Callable[[str, Missed], str]
"""Says in French what stands in a hole, or a whole sentence."""


class Kind(NamedTuple):
    """What may stand in a hole, and how it is said."""

    pattern: str
    say: Say


def as_written(text: str, missed: Missed) -> str:  # noqa: ARG001 - the shape of Say
    """Names, and what somebody wrote: nobody translates these."""
    return text


KINDS: Final = {
    "": Kind(r"[^;\n]+?", as_written),
    "id": Kind(r"[a-z0-9][a-z0-9._-]*", as_written),
    "free": Kind(r"(?s:.*)", as_written),
}
"""The kinds of holes that every grammar knows: a name, an identifier, and words that somebody wrote, to the end."""

_HOLE: Final = re.compile(r"<(\w+)(?::(\w+))?>")


class Grammar:
    """Sentences of one sort.

    A sentence is written as it is said, with holes in it: `returned by <who>: <reason:free>`. What follows the colon,
    or else the hole's name itself, is the kind of what stands in it; a name that is no kind stands for a name. The
    French form has the same holes in braces.
    """

    def __init__(self, sentences: dict[str, str], *, kinds: dict[str, Kind] | None = None) -> None:
        """Read the sentences.

        Args:
            sentences: each with its French form; the first that fits counts.
            kinds: kinds of holes besides those that every grammar knows.
        """
        self._kinds = {**KINDS, **(kinds or {})}
        self._rules = [_Rule(english, french, self._kinds) for english, french in sentences.items()]

    def whole(self, text: str) -> tuple[str, Missed] | None:
        """A text that is one sentence, in French, with what was missed in it; None when it is none of these."""
        for rule in self._rules:
            if found := rule.whole.fullmatch(text):
                missed: Missed = []
                return rule.fill(found, missed), missed
        return None

    def say(self, text: str, missed: Missed) -> str:
        """A text that ought to be one of these sentences; as it is, and missed, when it is none."""
        if (found := self.whole(text)) is None:
            missed.append(text)
            return text
        missed += found[1]
        return found[0]

    def say_parts(self, text: str, missed: Missed) -> str:
        """Sentences with semicolons between them; what is none of these stays as it is, and is missed."""
        said, at = [], 0
        while at <= len(text):
            rule, found = next(((r, m) for r in self._rules if (m := r.part.match(text, at))), (None, None))
            if rule is not None and found is not None:
                said.append(rule.fill(found, missed))
                at = found.end() + 2
                continue
            end = text.find("; ", at)
            part = text[at:] if end < 0 else text[at:end]
            if part:
                missed.append(part)
            said.append(part)
            at += len(part) + 2
        return " ; ".join(said)


class _Rule:
    """One sentence and its French form."""

    def __init__(self, english: str, french: str, kinds: dict[str, Kind]) -> None:
        self._french = french
        self._holes: dict[str, Kind] = {}
        pattern, at = "", 0
        for hole in _HOLE.finditer(english):
            name, kind = hole[1], kinds.get(hole[2] or hole[1], kinds[""])
            self._holes[name] = kind
            pattern += re.escape(english[at : hole.start()]) + f"(?P<{name}>{kind.pattern})"
            at = hole.end()
        pattern += re.escape(english[at:])
        self.whole = re.compile(pattern)
        self.part = re.compile(rf"(?:{pattern})(?=; |\Z)")

    def fill(self, found: re.Match[str], missed: Missed) -> str:
        """The French form, with what stands in its holes."""
        return self._french.format(**{name: kind.say(found[name], missed) for name, kind in self._holes.items()})
