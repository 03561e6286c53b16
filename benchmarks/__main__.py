"""`make bench`: measures everything, prints each figure beside its limit, and ends with 1 when one is not kept.

`--quick` counts events only, which needs no quiet machine. The other figures do: run nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.commandline import acknowledge_time, help_time
from benchmarks.histories import histories
from benchmarks.lateness import lateness
from benchmarks.memory import memory
from benchmarks.report import Row, machine, page, table
from benchmarks.storm import rows as storm_rows
from benchmarks.throughput import throughput
from escalade.errors import EscaladeError

Measure = Callable[[Path], list[Row]]

PARTS: dict[str, tuple[str, Measure]] = {
    "events": ("What a ticket costs in workflow events", lambda there: asyncio.run(histories(there))),
    "commands": (
        "How long a person waits for the command line",
        lambda there: [*help_time(11), *acknowledge_time(there, times=11)],
    ),
    "lives": (
        "A ticket against a bare workflow that does the same (console channel, journal on SQLite)",
        lambda there: asyncio.run(throughput(there, pairs=3)),
    ),
    "lateness": (
        "How late rounds leave, against a bare timer at the same time",
        lambda there: asyncio.run(lateness(there, tickets=20, repeats=7)),
    ),
    "storm": (
        "2,000 tickets at once on one schedule, 20 sev1 in the middle",
        lambda there: asyncio.run(storm_rows(there, tickets=2000, urgent=20)),
    ),
    "waiting": (
        "What a ticket that waits costs its worker, against a bare workflow",
        lambda there: asyncio.run(memory(there, tickets=300, pairs=1)),
    ),
}
"""By the word that `--only` takes: its title, and how it is measured in an empty directory."""


def measure(parts: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Measure and print; the rows, and the tables they are in.

    Args:
        parts: what.
    """
    rows: list[Row] = []
    tables: list[str] = []
    for part in parts:
        title, of = PARTS[part]
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="escalade-bench-") as directory:
            found = of(Path(directory))
        rows += found
        tables.append(table(title, found))
        print(f"\n{tables[-1]}\n  ({time.perf_counter() - began:.0f} s)", flush=True)
    return rows, tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="count events only: a few seconds, on any machine")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page of the docs")
    given = parser.parse_args(arguments)
    where = f"On {machine()}; {datetime.now(UTC).date().isoformat()}."
    print(where)
    try:
        rows, tables = measure(["events"] if given.quick else given.only or list(PARTS))
        if given.write is not None:
            text = given.write.read_text(encoding="utf-8")
            given.write.write_text(page(text, tables, where=where), encoding="utf-8")
    except EscaladeError as error:
        print(f"\nFAIL  {error}")
        return 1
    failed = [row.what.strip() for row in rows if not row.holds]
    print(f"\nFAIL: {', '.join(failed)}" if failed else "\nEvery limit is kept.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
