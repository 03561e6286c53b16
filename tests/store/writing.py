"""A process that writes until it is ended: `python -m tests.store.writing URL NAME`.

It prints each head it was given.
"""

from __future__ import annotations

import itertools
import json
import sys

from store import Store
from tests.store.making import batch, entry, run_id


def main(url: str, name: str, count: int | None) -> None:
    """Write to a stream that all share and to one of its own, three entries at a time."""
    run = run_id(name)
    with Store.open(url) as store:
        for number in itertools.count() if count is None else range(count):
            for stream in ("shared", f"own/{name}"):
                some = [entry(number * 3 + n, run=run, life=name, stream=stream) for n in range(3)]
                head = store.write(batch(*some, life=name)).head
                print(json.dumps({"stream": stream, "seq": head.seq, "hash": head.hash}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None)
