"""The site of each test, ended whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.receiver import receiving
from tests.kill.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Nothing runs in it yet but the receiver."""
    with receiving() as receiver:
        made = Site(tmp_path, receiver)
        try:
            yield made
        finally:
            made.end()
