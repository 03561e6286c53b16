"""Durable shells: the ticket, and the steps that run beside it."""

from __future__ import annotations
