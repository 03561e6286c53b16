"""Who is meant by what a calendar calls people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from escalade.people import Roster

_PARTS: Final = re.compile(r"\s+[-–—:|/]\s+|\s*[,;|()\[\]]\s*|:\s+")
"""What stands between the parts of a title: `On call - Ana Lopez - Payments`, `Payments: Ana Lopez`."""


class Names:
    """Finds people of the roster by id, login, name, or what a feed's `names` say."""

    def __init__(self, roster: Roster, names: Mapping[str, str] | None = None) -> None:
        """Take the roster, and the names that a schedule's feed gives to people of it."""
        self._known: dict[str, str | None] = {}
        for person_id, person in roster.people.items():
            for name in {person_id, person.name, *person.logins} - {""}:
                self._learn(name, person_id)
        # What the schedule says goes before everything: it is there to settle what is not clear otherwise.
        self._known |= {_folded(name): person for name, person in (names or {}).items() if person in roster.people}

    def person(self, name: str) -> str | None:
        """The person called so; None when nobody is, or more than one."""
        return self._known.get(_folded(name))

    def people_in(self, title: str) -> list[str]:
        """The people that the title of an event names, as a whole or in its parts, in order."""
        whole = self.person(title)
        if whole is not None:
            return [whole]
        found = (self.person(part) for part in _PARTS.split(title) if part)
        return list(dict.fromkeys(person for person in found if person is not None))

    def _learn(self, name: str, person: str) -> None:
        folded = _folded(name)
        # A name of two people names nobody.
        self._known[folded] = person if self._known.get(folded, person) == person else None


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
