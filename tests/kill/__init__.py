"""Kills, lost databases and changed histories: what Escalade keeps when things end in the middle."""

from __future__ import annotations

import pytest

# Its assertions say what they compared, as those of a test do.
pytest.register_assert_rewrite("tests.kill.site")
