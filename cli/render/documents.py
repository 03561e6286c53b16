"""JSON documents: what `--output json` writes. Their keys are documented and only ever grow."""

from __future__ import annotations

import json
from typing import Any

import click


def write_json(value: Any) -> None:
    """Write one document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def write_json_line(value: Any) -> None:
    """Write one document on one line, for streams."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
