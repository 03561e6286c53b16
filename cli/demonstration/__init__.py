"""The demo: a stage with a real server, worker and receivers, a story told on it, and the proof afterwards."""

from __future__ import annotations
