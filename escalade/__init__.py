"""The ground floor: what escalation *is*.

Pure code: standard library, pydantic and dateutil only. Nothing here reads a clock, a file, the environment or
a random source; instants are given, outcomes are returned. Temporal, databases and networks live upstairs.
"""

from __future__ import annotations

__version__ = "0.1.0"
