"""Asking a calendar: what would be due when and why, how much time lies between, and how a month looks."""

from __future__ import annotations
