"""What the command line promises."""

from __future__ import annotations
