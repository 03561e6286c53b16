"""Sends one page and ends: the process that kill tests kill."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from activities.channels import CHANNELS
from activities.failpoints import Failpoints
from activities.implementations import Activities
from escalade.messages.activities import PageRequest
from store import Store
from tests.activities.making import EAGER, NOW, configure


async def main(directory: Path, port: int, url: str, asked: str) -> None:
    store = Store.open(f"sqlite:///{directory / 'store.db'}")
    activities = Activities(
        configure(directory, port=port, url=f"{url}/hook"),
        store,
        channels=CHANNELS,
        now=lambda: NOW,
        failpoints=Failpoints.read(os.environ),
        patience=EAGER,
    )
    await activities.page(PageRequest.model_validate_json(asked))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]))
