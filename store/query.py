"""Which tickets to list."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Dialect, or_

from escalade.ticket import Severity, Status
from escalade.time.instants import Instant
from store.tables import contains, tickets


class TicketQuery(BaseModel):
    """What a list of tickets is narrowed to. Everything left out does not narrow it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mine: str = ""
    """A person: tickets that they own, or for which they were paged on the current rung."""
    unacknowledged: bool = False
    tier: str = ""
    """The name of a tier."""
    severities: list[Severity] = Field(default_factory=list)
    statuses: list[Status] = Field(default_factory=list)
    service: str = ""
    policy: str = ""
    team: str = ""
    due_before: Instant | None = None
    """Tickets for which something falls due at or before this instant."""
    open_only: bool = False
    text: str = ""
    """Words that all occur in the title, the key, the service, a label, …; case does not matter."""
    limit: int | None = Field(None, ge=0)
    offset: int = Field(0, ge=0)

    def conditions(self, dialect: Dialect) -> list[ColumnElement[bool]]:
        """The query as conditions on the table of tickets."""
        found = [
            column == value
            for column, value in (
                (tickets.c.tier_name, self.tier),
                (tickets.c.service, self.service),
                (tickets.c.policy, self.policy),
                (tickets.c.team, self.team.removeprefix("team:")),
            )
            if value
        ]
        if self.mine:
            person = self.mine.removeprefix("person:")
            paged = contains(dialect, tickets.c.paged, as_list([f"person:{person}"]))
            found.append(or_(tickets.c.owner == person, paged))
        if self.unacknowledged:
            found.append(tickets.c.acknowledged.is_(False))
        if self.severities:
            found.append(tickets.c.severity.in_([severity.rank for severity in self.severities]))
        if self.statuses:
            found.append(tickets.c.status.in_([status.value for status in self.statuses]))
        if self.due_before is not None:
            found.append(tickets.c.due_at <= self.due_before)
        if self.open_only:
            found.append(tickets.c.is_open.is_(True))
        found += [contains(dialect, tickets.c.words, word) for word in self.text.casefold().split()]
        return found


def as_list(items: list[str]) -> str:
    """Items as one text in which each can be found whole."""
    return "".join(f"\n{item}\n" for item in items)
