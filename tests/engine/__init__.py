"""What the engine promises, without Temporal."""

from __future__ import annotations
