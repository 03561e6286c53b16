"""Which ticket a person means: a key, or any beginning that no other ticket shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from escalade.errors import AmbiguousKeyError, TicketNotFoundError

if TYPE_CHECKING:
    from store import Store

KEY_LENGTH = 10
"""The same as `escalade.ticket.KEY_LENGTH`, which would cost an import of pydantic; a test holds them equal."""
MOST_CANDIDATES = 10
_BEGINNING = re.compile(r"[a-z2-7]{1,10}")


def find_keys(written: Sequence[str]) -> list[str]:
    """The full keys that are meant, in the order written, each once.

    A full key is taken as it is: it needs no store.

    Raises:
        TicketNotFoundError: when a text is no key, or no ticket starts so.
        AmbiguousKeyError: when several start so; the candidates are in the sentence.
    """
    texts = [normal(text) for text in written]
    found: dict[str, None] = {}
    beginnings = [text for text in texts if len(text) < KEY_LENGTH]
    full: dict[str, str] = {}
    if beginnings:
        from cli.doors import store

        with store() as opened:
            full = {text: _complete(opened, text) for text in beginnings}
    for text in texts:
        found[full.get(text, text)] = None
    return list(found)


def find_key(written: str) -> str:
    """The full key that is meant. See `find_keys`."""
    return find_keys([written])[0]


def normal(text: str) -> str:
    """A key or its beginning as it is stored.

    Raises:
        TicketNotFoundError: when it cannot be the beginning of a key.
    """
    key = text.strip().lower().removeprefix("ticket/")
    if not _BEGINNING.fullmatch(key):
        raise TicketNotFoundError(
            f"{text!r} is not a ticket's key.",
            mend="A key is 10 letters a-z and digits 2-7, or any unique beginning: escalade ticket list",
        )
    return key


def _complete(store: Store, beginning: str) -> str:
    candidates = store.keys(beginning, MOST_CANDIDATES + 1)
    if not candidates:
        raise TicketNotFoundError(
            f"No ticket's key starts with {beginning!r}.", mend="See every key: escalade ticket list --all"
        )
    if len(candidates) == 1:
        return candidates[0]
    lines = []
    for key in candidates[:MOST_CANDIDATES]:
        ticket = store.ticket(key)
        lines.append(f"  {key}  {ticket.status.value}  {ticket.title}" if ticket else f"  {key}")
    many = len(candidates) > MOST_CANDIDATES
    count = f"More than {MOST_CANDIDATES}" if many else str(len(candidates))
    listed = "\n".join(lines)
    raise AmbiguousKeyError(f"{count} tickets start with {beginning!r}:\n{listed}", mend="Give more of the key.")
