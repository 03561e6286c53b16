"""The mapping file: how the columns of somebody else's export become the fields of a ticket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from configuration.document import LARGEST_FILE, read_document
from configuration.parts import validate_parts
from escalade.errors import ConfigurationError, InstantError, Problem
from escalade.ticket import Severity, Ticket
from escalade.time.zones import Zone, at_wall_clock
from escalade.written import Written

TicketField = Literal[
    "title",
    "description",
    "severity",
    "service",
    "source",
    "tenant",
    "dedupe_key",
    "tags",
    "customer_tier",
    "environment",
    "region",
    "links",
    "runbook",
    "opened_at",
    "status",
]
_STATUSES: Final = ("new", "resolved", "closed")
OTHERWISE: Final = "*"
"""In `values`: what every value means that is not named."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Columns = Annotated[
    list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str]), Field(min_length=1, max_length=20)
]


class DateForm(Written):
    """How an export writes instants."""

    format: str = Field(min_length=1, max_length=64)
    """As in Python's strptime: `%d-%m-%Y %H:%M`."""
    zone: Zone | None = None
    """The time zone meant, when the format has no `%z`."""

    @model_validator(mode="after")
    def _names_its_zone(self) -> DateForm:
        if self.zone is None and "%z" not in self.format:
            raise ValueError("the format has no %z and there is no zone; give zone: Europe/Paris or the like")
        try:
            datetime.strptime(datetime(2026, 1, 5, tzinfo=UTC).strftime(self.format), self.format)  # noqa: DTZ007
        except ValueError as error:
            raise ValueError(f"{self.format!r} is no date format; write it like %d-%m-%Y %H:%M") from error
        return self

    def read(self, text: str) -> datetime:
        """An instant as the export writes it, in UTC; of a local time that exists twice, the first.

        Raises:
            InstantError: the text is not of this form.
        """
        try:
            found = datetime.strptime(text.strip(), self.format)  # noqa: DTZ007 - the zone is applied below
        except ValueError:
            raise InstantError(f"{text[:40]!r} is not a date of the form {self.format}.") from None
        try:
            if found.tzinfo is None:
                return at_wall_clock(found, ZoneInfo(self.zone or "UTC"))
            return found.astimezone(UTC)
        except OverflowError:
            raise InstantError(f"{text[:40]!r} is outside the calendar.") from None


class RowMapping(Written):
    """A mapping file: which column says what, and what its values mean here."""

    columns: dict[TicketField, Columns]
    """For each field of a ticket the column it comes from; of several columns the values are joined by a comma."""
    labels: dict[str, str] = Field(default_factory=dict)
    """For each label of the ticket the column it comes from."""
    values: dict[TicketField, dict[str, str]] = Field(default_factory=dict)
    """What the values of a column mean here; `*` stands for all that are not named."""
    constants: dict[TicketField, str | list[str]] = Field(default_factory=dict)
    """Fields that are the same for every row, or that a row gets whose column says nothing."""
    dates: dict[Literal["opened_at"], DateForm] = Field(default_factory=dict)
    """How instants are written, where it is not ISO 8601 with an offset."""
    unknown: list[str] = Field(default_factory=list, max_length=20)
    """What the export writes for "not known", besides nothing at all."""
    latest_by: str | None = None
    """The column that identifies a ticket in an export with several rows for each: the last row counts."""

    @field_validator("values")
    @classmethod
    def _means_something(cls, value: dict[TicketField, dict[str, str]]) -> dict[TicketField, dict[str, str]]:
        for text in value.get("severity", {}).values():
            if Severity.read(text) is None:
                raise ValueError(f"{text[:40]!r} is no severity; write sev1 to sev5")
        for text in value.get("status", {}).values():
            if text not in _STATUSES:
                raise ValueError(f"{text[:40]!r} is no status to open with; write one of: {', '.join(_STATUSES)}")
        return value

    @field_validator("constants")
    @classmethod
    def _is_of_a_ticket(cls, value: dict[TicketField, str | list[str]]) -> dict[TicketField, str | list[str]]:
        try:
            Ticket.model_validate({"title": "untitled", **value})
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            raise ValueError(f"{detail['loc'][0]} cannot be {str(detail['input'])[:40]!r}; write {message}") from None
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> RowMapping:
        if "title" not in self.columns and "title" not in self.constants:
            raise ValueError("nothing gives the title; name its column under columns")
        for field in self.values:
            if field not in self.columns:
                raise ValueError(f"values.{field} has no column; name it under columns")
        return self

    def wanted(self) -> list[str]:
        """Every column that is read."""
        columns = [column for several in self.columns.values() for column in several]
        return list(dict.fromkeys([*columns, *self.labels.values(), *([self.latest_by] if self.latest_by else [])]))


def load_mapping(path: Path) -> RowMapping:
    """Read a mapping file.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        found = f"The file cannot be read: {error.strerror}."
        raise ConfigurationError([Problem(str(path), 0, "", found, "Give an existing mapping file.")]) from None
    document, problems = read_document(str(path), raw)
    mapping = None
    if document is not None:
        parts = validate_parts(document, RowMapping)
        mapping, problems = parts.value, [*problems, *parts.problems]
    if problems or mapping is None:
        raise ConfigurationError(problems)
    return mapping
