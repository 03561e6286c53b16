"""The configuration directory: read, checked as a whole, and kept current.

What is named here is imported when it is first used: `escalade ticket ack` needs the people, and nothing that reads
policies, channels and mappings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from configuration.live import Live
    from configuration.loading import check, load, load_roster
    from configuration.mapping import RowMapping, load_mapping
    from configuration.model import ChannelConfig, Configuration
    from configuration.rows import MappedRow, RowsRead, read_rows
    from configuration.schema import schemas

__all__ = [
    "ChannelConfig",
    "Configuration",
    "Live",
    "MappedRow",
    "RowMapping",
    "RowsRead",
    "check",
    "load",
    "load_mapping",
    "load_roster",
    "read_rows",
    "schemas",
]

_HOMES = {
    "ChannelConfig": "model",
    "Configuration": "model",
    "Live": "live",
    "MappedRow": "rows",
    "RowMapping": "mapping",
    "RowsRead": "rows",
    "check": "loading",
    "load": "loading",
    "load_mapping": "mapping",
    "load_roster": "loading",
    "read_rows": "rows",
    "schemas": "schema",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when something is asked for

    return getattr(import_module(f"{__name__}.{home}"), name)
