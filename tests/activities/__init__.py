"""Paging, channels, wording and looking things up: against real receivers and a real store."""

from __future__ import annotations
