"""What the readers of foreign messages promise."""

from __future__ import annotations
