"""What Escalade says to people, in French. Engine and journal speak English; messages speak to their readers."""

from __future__ import annotations
