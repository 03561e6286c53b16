"""`escalade maintenance`: the times when nobody is to be woken."""

from __future__ import annotations
