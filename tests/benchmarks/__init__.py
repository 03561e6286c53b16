"""What the benchmarks count that every change has to keep."""

from __future__ import annotations
