"""`escalade oncall`: who is on duty, and the changes of it that people make."""

from __future__ import annotations
