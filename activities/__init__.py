"""Side effects: paging, recording, looking things up."""

from __future__ import annotations
