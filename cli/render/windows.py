"""Maintenance windows, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.render.moments import Moments
from cli.render.plain import one_line
from escalade.maintenance.window import MaintenanceWindow, WindowSpec

if TYPE_CHECKING:
    from rich.table import Table

    from escalade.maintenance.pinned import Span
    from escalade.messages import Snapshot

_AHEAD = 5


def which(spec: WindowSpec) -> str:
    """Which tickets it concerns, in a few words."""
    if spec.everything:
        said = "every ticket"
    else:
        said = " or ".join(_condition(part.model_dump(mode="json", exclude_defaults=True)) for part in spec.match)
    spared = ", ".join(severity.value for severity in spec.except_severity)
    return f"{said}, but not {spared}" if spared else said


def _condition(written: dict[str, Any]) -> str:
    labels = written.pop("labels", {})
    parts = [f"{name.replace('_', ' ')} {' or '.join(values)}" for name, values in written.items()]
    parts += [f"{name}={' or '.join(values)}" for name, values in labels.items()]
    return " and ".join(parts)


def _times(span: Span, when: Moments) -> str:
    return f"{when.clock(span.start)} to {when.clock(span.end)}"


def _state(window: MaintenanceWindow, now: datetime) -> tuple[str, Span | None]:
    spans, more = window.spans(now, most=2)
    if not spans:
        return ("over" if not more else "to come"), None
    return ("open" if spans[0].start <= now else "to come"), spans[0]


def window_line(window: MaintenanceWindow, when: Moments, *, said: str) -> str:
    """One sentence about a window that was just made, ended or removed."""
    state, span = _state(window, when.now)
    mark, name = click.style("✓", fg="green"), click.style(window.id, fg="cyan", bold=True)
    times = f", {state} {_times(span, when)}" if span is not None and said != "is removed" else ""
    again = f", again by {window.spec.recurrence}" if window.spec.recurrence and times else ""
    return f"{mark} maintenance window {name} {said}: {one_line(which(window.spec))}{times}{again}."


def window_table(windows: Sequence[MaintenanceWindow], when: Moments) -> Table:
    """Windows as rows."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="heading", padding=(0, 2, 0, 0))
    for name in ("NAME", "IS", "FROM", "TO", "WHICH TICKETS", "WHAT"):
        table.add_column(name, no_wrap=name in ("NAME", "IS"))
    for window in windows:
        state, span = _state(window, when.now)
        what = window.spec.title or window.spec.reason
        again = f" (again by {window.spec.recurrence})" if window.spec.recurrence else ""
        table.add_row(
            Text(window.id, style="key"),
            Text(state, style="due" if state == "open" else ""),
            when.clock(span.start) if span is not None else "-",
            when.clock(span.end) if span is not None else "-",
            Text(one_line(which(window.spec))),
            Text(one_line(f"{what}{again}".strip())),
        )
    return table


def window_page(window: MaintenanceWindow, rows: Sequence[Snapshot], when: Moments) -> Iterator[str]:
    """Everything about a window, line by line."""
    spec, (state, _) = window.spec, _state(window, when.now)
    yield f"{window.id}  {one_line(spec.title)}".rstrip()
    made = f"by {window.by}" if window.source == "command" else "in maintenance.yaml"
    yield f"  {state}; made {made}"
    yield f"  which tickets: {one_line(which(spec))}"
    if spec.recurrence:
        yield f"  again by {spec.recurrence}, on the wall clock of {spec.zone}"
    if spec.reason:
        yield f"  why: {one_line(spec.reason)}"
    spans, more = window.spans(when.now, most=_AHEAD)
    for n, span in enumerate(spans):
        yield f"  {'next:' if not n else '     '} {_times(span, when)}"
    if more:
        yield "        …"
    if rows:
        yield f"  open tickets that know it: {', '.join(row.key for row in rows)}"


def window_json(window: MaintenanceWindow, now: datetime) -> dict[str, Any]:
    """A window as programs read it."""
    spans, more = window.spans(now, most=_AHEAD)
    return {
        "id": window.id,
        "source": window.source,
        "by": window.by,
        "is": _state(window, now)[0],
        "which": which(window.spec),
        "window": window.spec.model_dump(mode="json", exclude_unset=True),
        "next": [span.model_dump(mode="json") for span in spans],
        "more": more,
    }
