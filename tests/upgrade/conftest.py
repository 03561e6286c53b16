"""The site of the kill tests: a server, a worker, a store and a receiver, each a process of its own."""

from __future__ import annotations

from tests.kill.conftest import site  # noqa: F401
