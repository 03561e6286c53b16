"""Processes, and how to reach Temporal: settings, connection, client, embedded server, worker, watch, doctor.

Importing this package loads nothing else; each part is imported by the command that needs it.
"""

from __future__ import annotations
