"""Reading rows kept earlier, by this Escalade or another: one that cannot be read does not take the others along."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

_LOG = logging.getLogger(__name__)

_T = TypeVar("_T")


def read_kept(read: Callable[[str], _T], what: str, body: str) -> _T | None:
    """What a row says; None when it cannot be read, which is logged once.

    Args:
        read: reads its text. A function of a module: rows are read once, too.
        what: what it is, with its id, for the log.
        body: its text, which never changes.
    """
    return cast("_T | None", _read(read, what, body))


# Tickets ask again and again: without the memory each of them would log it.
@functools.lru_cache(maxsize=4096)
def _read(read: Callable[[str], Any], what: str, body: str) -> Any:
    try:
        return read(body)
    except (ValueError, OverflowError) as error:
        _LOG.error("The %s cannot be read and is left out: %s", what, " ".join(str(error).split()))
        return None
