"""Which ticket a person means: a key, or any beginning that no other ticket shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.render.plain import one_line
from escalade.errors import AmbiguousKeyError, EscaladeError, StoreError, TicketNotFoundError, UnreachableError

if TYPE_CHECKING:
    from store import Store

KEY_LENGTH = 10
"""The same as `escalade.ticket.KEY_LENGTH`, which would cost an import of pydantic; a test holds them equal."""
MOST_CANDIDATES = 10
_BEGINNING = re.compile(r"[a-z2-7]{1,10}")
_STRANGE = re.compile(r"[^\s'\"\\]{1,255}")
"""What another system may have made a key of: `ticket/<anything>` opens a ticket, and pages people."""


def find_some(written: Sequence[str]) -> tuple[list[str], dict[str, EscaladeError]]:
    """The full keys that are meant, in order and each once; and why the others mean none.

    A slip in one of several keys is no reason to leave the others alone. Of one key it is an error, as ever.
    """
    if len(written) == 1:
        return find_keys(written), {}
    found: dict[str, None] = {}
    wrong: dict[str, EscaladeError] = {}
    for text in dict.fromkeys(written):
        try:
            found[find_key(text)] = None
        except (TicketNotFoundError, AmbiguousKeyError) as error:
            wrong[text] = error
    if not found and wrong:
        raise next(iter(wrong.values()))
    return list(found), wrong


def find_keys(written: Sequence[str]) -> list[str]:
    """The full keys that are meant, in the order written, each once.

    A full key is taken as it is: it needs no store. One that is none of ours is looked up, and so is its ticket's.

    Raises:
        TicketNotFoundError: when a text is no key, or no ticket starts so.
        AmbiguousKeyError: when several start so; the candidates are in the sentence.
    """
    texts = [normal(text) for text in written]
    found: dict[str, None] = {}
    full = _complete_all([text for text in texts if len(text) < KEY_LENGTH or not _BEGINNING.fullmatch(text)])
    for text in texts:
        found[full.get(text, text)] = None
    return list(found)


def _complete_all(beginnings: Sequence[str]) -> dict[str, str]:
    if not beginnings:
        return {}
    from cli.doors import store

    stored: dict[str, dict[str, str]] = {}
    away: StoreError | None = None
    try:
        with store() as opened:
            stored = {text: _stored(opened, text) for text in beginnings}
    except StoreError as error:
        away = error
    full = {text: _the_one(text, candidates) for text, candidates in stored.items() if candidates}
    # A ticket that was opened a moment ago is Temporal's already, and not yet the store's.
    unknown = [text for text in beginnings if text not in full]
    if not unknown:
        return full
    import asyncio

    try:
        return full | asyncio.run(_ask_temporal(unknown))
    except UnreachableError:
        # The store is what the person can mend; that Temporal could not help either is the smaller news.
        # What only another system could have made is taken for a slip then.
        raise (away if _BEGINNING.fullmatch(unknown[0]) else None) or _not_found(unknown[0]) from None


def find_key(written: str) -> str:
    """The full key that is meant. See `find_keys`."""
    return find_keys([written])[0]


def normal(text: str) -> str:
    """A key or its beginning as it is stored.

    Raises:
        TicketNotFoundError: when it cannot be the beginning of a key.
    """
    written = text.strip()
    key = written.lower().removeprefix("ticket/")
    if _BEGINNING.fullmatch(key):
        return key
    if not _STRANGE.fullmatch(written):
        raise _no_key(text)
    # Made elsewhere, so letters are as they were written there.
    return written.removeprefix("ticket/")


def _stored(store: Store, beginning: str) -> dict[str, str]:
    """The keys that begin so, each with what helps to tell it from the others."""
    found = {}
    for key in store.keys(beginning, MOST_CANDIDATES + 1):
        ticket = store.ticket(key)
        found[key] = f"{ticket.status.value}  {one_line(ticket.title)}" if ticket else ""
    return found


async def _ask_temporal(beginnings: Sequence[str]) -> dict[str, str]:
    """The same from Temporal's index, which lags a little and forgets closed tickets after a while."""
    from cli.doors import tickets
    from escalade.ticket import key_of, workflow_id

    full = {}
    async with tickets() as client:
        for beginning in beginnings:
            query = f"WorkflowId STARTS_WITH '{workflow_id(beginning)}'"
            found = {}
            async for run in client.client.list_workflows(query, limit=10 * MOST_CANDIDATES):
                found[key_of(run.id)] = (run.status.name if run.status else "").lower()
            full[beginning] = _the_one(beginning, found)
    return full


def _no_key(text: str) -> TicketNotFoundError:
    return TicketNotFoundError(
        f"{text!r} is not a ticket's key.",
        mend="A key is 10 letters a-z and digits 2-7, or any unique beginning: escalade ticket list",
    )


def _not_found(beginning: str) -> TicketNotFoundError:
    if not _BEGINNING.fullmatch(beginning):
        return _no_key(beginning)
    return TicketNotFoundError(
        f"No ticket's key starts with {beginning!r}.", mend="See every key: escalade ticket list --all"
    )


def _the_one(beginning: str, candidates: dict[str, str]) -> str:
    if not candidates:
        raise _not_found(beginning)
    if beginning in candidates:
        # The whole of one that is the beginning of others, which only keys made elsewhere can be.
        return beginning
    if len(candidates) == 1:
        return next(iter(candidates))
    shown = sorted(candidates)[:MOST_CANDIDATES]
    count = f"More than {MOST_CANDIDATES}" if len(candidates) > len(shown) else str(len(candidates))
    listed = "\n".join(f"  {key}  {candidates[key]}".rstrip() for key in shown)
    raise AmbiguousKeyError(f"{count} tickets start with {beginning!r}:\n{listed}", mend="Give more of the key.")
