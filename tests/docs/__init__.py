"""Every promise in the documentation, kept."""

from __future__ import annotations
