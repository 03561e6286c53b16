"""What durations and instants promise."""

from __future__ import annotations
