"""The promises of the house, checked."""

from __future__ import annotations
