"""What a dry run goes by: the configuration, and what was changed since by command."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cli.ticket.foresight import Known

if TYPE_CHECKING:
    from configuration import Configuration


def known_at(configuration: Configuration, *, now: datetime) -> tuple[Known, str]:
    """The people and windows of a configuration, with what the store knows of them.

    Args:
        configuration: it.
        now: the instant of asking.

    Returns:
        What rounds are decided by; and, where the store cannot be asked, what is missing from it.
    """
    from activities.changes import AHEAD, BEHIND
    from activities.room import LATELY
    from cli.doors import store_if_any
    from escalade.errors import StoreError

    roster = configuration.roster
    everybody = [f"{kind}:{name}" for kind in ("person", "vendor", "channel") for name in roster.names(kind)]
    alone = Known(roster, windows=configuration.windows)
    try:
        with store_if_any() as store:
            if store is None:
                return alone, ""
            changes = store.changes(now - BEHIND, now + AHEAD)
            windows = store.windows_in_force(configuration.windows)
            return Known(roster, changes, windows, store.load(everybody, now - LATELY)), ""
    except StoreError as error:
        return alone, f"{error.message.rstrip('.')}; changes of duty and maintenance by command are not in this."
