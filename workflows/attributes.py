"""What Temporal's own lists and pages show of a ticket: search attributes and current details."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from escalade.engine import TicketState, upcoming
from escalade.engine.view import limit, waiting_for
from escalade.record import render
from escalade.time.instants import format_instant

STATUS = SearchAttributeKey.for_keyword("TicketStatus")
SEVERITY = SearchAttributeKey.for_keyword("TicketSeverity")
SERVICE = SearchAttributeKey.for_keyword("TicketService")
TEAM = SearchAttributeKey.for_keyword("TicketTeam")
POLICY = SearchAttributeKey.for_keyword("TicketPolicy")
TIER = SearchAttributeKey.for_int("TicketTier")
DUE = SearchAttributeKey.for_datetime("TicketDue")
TAGS = SearchAttributeKey.for_keyword_list("TicketTags")
KEYS: tuple[SearchAttributeKey[Any], ...] = (STATUS, SEVERITY, SERVICE, TEAM, POLICY, TIER, DUE, TAGS)
"""Fixed for good (decision 50): opaque words, no names."""


class Attributes:
    """Upserts what changed, all in one command, and only then."""

    def __init__(self) -> None:
        """Begin with what was set when the workflow was started."""
        given = workflow.info().typed_search_attributes
        self._shown: dict[str, Any] = {key.name: given.get(key) for key in KEYS}

    def update(self, state: TicketState) -> bool:
        """Show the state, if it shows differently from before; whether it does."""
        if state.policy is None:
            return False
        due, _ = limit(state)
        values: dict[SearchAttributeKey[Any], Any] = {
            STATUS: state.status.value,
            SEVERITY: state.ticket.severity.value,
            SERVICE: state.ticket.service or None,
            TEAM: state.policy.team or None,
            POLICY: state.policy.name,
            TIER: state.visit.tier + 1 if state.visit is not None else None,
            DUE: due.replace(microsecond=due.microsecond // 1000 * 1000) if due is not None else None,
            TAGS: state.ticket.tags[:20] or None,
        }
        updates: list[SearchAttributeUpdate[Any]] = []
        for key, value in values.items():
            if self._shown.get(key.name) != value:
                self._shown[key.name] = value
                updates.append(key.value_unset() if value is None else key.value_set(value))
        if updates:
            workflow.upsert_search_attributes(updates)
        return bool(updates)


def details(state: TicketState) -> str:
    """The ticket as Markdown, for Temporal's own page about the workflow."""
    ticket = state.ticket
    lines = [
        f"**{ticket.title}** — {ticket.severity.value}, {state.status.value}",
        "",
        f"Waiting for {waiting_for(state)}.",
        *[f"- {format_instant(ahead.at)}: {ahead.what} ({ahead.why})" for ahead in upcoming(state)[:5]],
        "",
        *[f"- {render(entry)}" for entry in state.tail[-10:]],
    ]
    return "\n".join(lines)
