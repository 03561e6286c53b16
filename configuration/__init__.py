"""The configuration directory: read, checked as a whole, and kept current."""

from __future__ import annotations

from configuration.live import Live
from configuration.load import check, load
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
    "read_rows",
    "schemas",
]
