"""The configuration directory."""

from __future__ import annotations
