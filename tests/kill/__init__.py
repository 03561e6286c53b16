"""Kills, lost databases and changed histories: what Escalade keeps when things end in the middle."""

from __future__ import annotations
