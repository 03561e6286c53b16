"""`make bench`: the numbers that `docs/explanation/performance.md` quotes, measured on this machine."""

from __future__ import annotations
