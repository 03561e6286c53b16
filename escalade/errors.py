"""Errors of the product: each class docstring is the sentence a user reads when nothing better is known.

`exit_code` is what the command line exits with; the numbers are documented in `docs/reference/exit-codes.md`
and never change meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class EscaladeError(Exception):
    """Something went wrong in Escalade."""

    exit_code = 1

    def __init__(self, message: str | None = None, *, mend: str | None = None) -> None:
        """Keep the sentence and, separately, what the reader can do about it.

        Args:
            message: what is wrong; the class docstring's first line when omitted.
            mend: how to put it right, as an instruction.
        """
        self.message = message or (self.__doc__ or "").split("\n", 1)[0]
        self.mend = mend
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.mend}" if self.mend else self.message


class DurationError(EscaladeError, ValueError):
    """This is not a duration."""

    exit_code = 2


class InstantError(EscaladeError, ValueError):
    """This is not an instant with a time zone."""

    exit_code = 2


class CalendarError(EscaladeError, ValueError):
    """This calendar cannot be used."""

    exit_code = 3


class HorizonError(EscaladeError):
    """The calendar was not worked out as far as this."""


class TicketNotFoundError(EscaladeError):
    """There is no such ticket."""

    exit_code = 4


class NoSuchClockError(EscaladeError):
    """The ticket has no such clock."""

    exit_code = 4


class AmbiguousKeyError(EscaladeError):
    """Several tickets start with this prefix."""

    exit_code = 4


class RefusedError(EscaladeError):
    """The ticket refused the command."""

    exit_code = 5

    def __init__(self, message: str | None = None, *, code: str = "refused", mend: str | None = None) -> None:
        """Keep the stable code of the refusal (`stale_rung`, `already_resolved`, …) next to its sentence."""
        super().__init__(message, mend=mend)
        self.code = code


class UnreachableError(EscaladeError):
    """Temporal cannot be reached."""

    exit_code = 6


class StoreError(EscaladeError):
    """The store cannot be used."""

    exit_code = 7


class TamperedJournalError(StoreError):
    """The journal does not verify: an entry was changed, removed or added outside the writer."""

    exit_code = 8


class ChannelError(EscaladeError):
    """The channel did not accept the message."""

    exit_code = 1

    def __init__(
        self,
        message: str | None = None,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        mend: str | None = None,
    ) -> None:
        """Keep whether and when trying again makes sense.

        Args:
            message: what the channel said.
            permanent: trying the same delivery again cannot help (wrong address, refused login).
            retry_after: how long the provider asks to be left alone.
            mend: how to put it right.
        """
        super().__init__(message, mend=mend)
        self.permanent = permanent
        self.retry_after = retry_after


class StepError(EscaladeError):
    """The step did not succeed."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in something a person wrote: where it is, what was found, what is allowed, how to mend it."""

    file: str
    line: int
    """1-based; 0 when the whole file is meant."""
    field: str
    found: str
    """What is wrong, in a sentence that names what was found."""
    mend: str
    """What is allowed and how to put it right."""
    level: str = "error"
    """`error` refuses the whole configuration; `warning` is only told."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        field = f" {self.field}:" if self.field else ""
        return f"{place}:{field} {self.found} {self.mend}".rstrip()


class ConfigurationError(EscaladeError):
    """The configuration is not valid."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        """Carry every problem found, not just the first."""
        self.problems = sorted(problems)
        errors = [p for p in problems if p.level == "error"]
        lines = "\n".join(f"  {p}" for p in self.problems)
        super().__init__(f"{len(errors)} error{'s' if len(errors) != 1 else ''} in the configuration:\n{lines}")
