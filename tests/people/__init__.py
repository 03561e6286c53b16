"""What the roster promises."""

from __future__ import annotations
