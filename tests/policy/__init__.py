"""What policies promise."""

from __future__ import annotations
