"""Severities as people type them."""

from __future__ import annotations

from typing import Any

import click


class SeverityType(click.Choice[str]):
    """sev1 to sev5, or what other systems call them: P1, critical."""

    def __init__(self) -> None:
        """The five are what is completed and told."""
        super().__init__(["sev1", "sev2", "sev3", "sev4", "sev5"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The severity that is meant."""
        from escalade.ticket import Severity

        known = Severity.read(value)
        return super().convert(known.value if known is not None else value, param, ctx)


SEVERITY = SeverityType()
