"""The configuration directory: read, checked as a whole, and kept current."""

from __future__ import annotations

from configuration.live import Live
from configuration.load import check, load
from configuration.model import ChannelConfig, Configuration

__all__ = ["ChannelConfig", "Configuration", "Live", "check", "load"]
