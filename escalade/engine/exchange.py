"""What was said between the customer and us, in the order it was said: who waits for whom, and since when.

Mail and people report late, and not in order. So what was said is kept by its own instant, and the times in which the
customer waited are derived from it anew whenever something is heard of (decisions 27 and 29).
"""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from escalade.engine.clockstate import Said

KEPT: Final = 50
"""What is remembered of an exchange; the message that the customer waits with is never forgotten."""


class Wait(NamedTuple):
    """A time in which the customer waited: from the first message that was not answered."""

    since: datetime
    until: datetime | None = None
    """None while they wait."""
    by: Literal["reply", "resolution"] = "reply"
    """What ended it."""


def waits(said: Sequence[Said]) -> list[Wait]:
    """The times in which the customer waited, in order; later messages do not move the beginning of one."""
    found: list[Wait] = []
    since: datetime | None = None
    for each in said:
        if each.what == "message":
            since = each.at if since is None else since
        elif since is not None:
            found.append(Wait(since, each.at, each.what))
            since = None
    return found if since is None else [*found, Wait(since)]


def heard(said: Sequence[Said], at: datetime, what: Literal["message", "reply", "resolution"]) -> list[Said]:
    """The same exchange with one thing more, where it belongs; what comes at one instant stays as it was heard."""
    found = list(said)
    insort_right(found, Said(at=at, what=what), key=attrgetter("at"))
    return found


def shortened(said: Sequence[Said]) -> list[Said]:
    """The newest of an exchange, the message with which its last wait began, and what ended that."""
    found, last = list(said), waits(said)[-1:]
    while len(found) > KEPT:
        began = bool(last) and found[0].what == "message" and found[0].at == last[0].since
        ended = began and found[1].what != "message" and found[1].at == last[0].until
        del found[began + ended]
    return found


def parted(said: Sequence[Said]) -> tuple[list[Said], bool]:
    """What was said before the newest resolution; and whether the customer waits for an answer to what came after."""
    last = max((n for n, each in enumerate(said) if each.what == "resolution"), default=-1)
    before, after = list(said[: max(last, 0)]), said[last + 1 :]
    return before, bool(after) and after[-1].what == "message"
