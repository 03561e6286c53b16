"""Maintenance windows, without tickets."""

from __future__ import annotations
