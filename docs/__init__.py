"""What is written about Escalade, and what writes the generated part of it."""

from __future__ import annotations
