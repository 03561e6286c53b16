"""Floor 7: the command line. Every command imports what it needs when it runs, so help answers at once."""

from __future__ import annotations
