"""The commands on tickets."""

from __future__ import annotations
