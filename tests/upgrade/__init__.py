"""Tickets that outlive the code that opened them: recorded histories replay, and yesterday's tickets finish today."""

from __future__ import annotations
