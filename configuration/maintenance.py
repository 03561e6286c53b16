"""`maintenance.yaml`: the maintenance windows that are planned for good."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field

from configuration.document import Document
from configuration.parts import validate_parts
from escalade.errors import Problem
from escalade.maintenance.window import MaintenanceWindow, WindowSpec
from escalade.written import Identifier, Written


class MaintenanceFile(Written):
    """`maintenance.yaml`: maintenance windows, once or recurring; others are made by `escalade maintenance add`."""

    windows: dict[Identifier, WindowSpec] = Field(min_length=1)
    """The windows by their names."""


@dataclass(slots=True)
class MaintenanceRead:
    """What `maintenance.yaml` says."""

    windows: list[MaintenanceWindow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_maintenance(document: Document | None) -> MaintenanceRead:
    """The windows of the file; none without it."""
    if document is None:
        return MaintenanceRead()
    parts = validate_parts(document, MaintenanceFile)
    read = MaintenanceRead(problems=list(parts.problems))
    file = parts.value
    if file is not None and not parts.problems:
        read.windows = [
            MaintenanceWindow(id=name, spec=spec, source="configuration") for name, spec in file.windows.items()
        ]
    return read
