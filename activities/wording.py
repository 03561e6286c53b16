"""The words of messages: templates in the reader's language, filled with a ticket nobody trusts."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from activities.reasons import say_notice, say_status, say_tier, say_why
from activities.untrusted import lines, one_line, web_link
from escalade.extension import Message
from escalade.messages.activities import Purpose, TicketBrief
from escalade.people.roster import Person, Reachable

Kind = Literal["page", "notice", "test", "digest", "duty"]

_SUBJECT: Final = 160
_TITLE: Final = 250
_DESCRIPTION: Final = 2000
_SHORT: Final = 300
_LINKS: Final = 10
_INSTANT: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|\+00:00)(?!\w)")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a message."""

    name: str
    language: str = "en"
    zone: tzinfo = UTC

    @classmethod
    def of(cls, target: str, contact: Reachable) -> Reader:
        """The reader behind a target."""
        return cls(contact.name or target.partition(":")[2], contact.language, ZoneInfo(zone_of(contact)))


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said, and to whom."""

    id: str
    reader: Reader
    brief: TicketBrief
    why: str
    purpose: Purpose = "round"
    form: str = ""
    """`duty` for a notice that is about no ticket; it says all of itself in subject and text."""
    subject: str = ""
    text: str = ""
    number: int = 0
    """Unique among the reader's open pages, to answer by; 0 when there is none."""
    tickets: Sequence[TicketBrief] = ()
    """What a digest tells of, the worst first."""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """Which templates say it."""
        if self.form == "duty":
            return "duty"
        if self.purpose in ("test", "digest"):
            return "test" if self.purpose == "test" else "digest"
        return "notice" if self.purpose == "notice" or self.text else "page"


class Wording:
    """Renders letters.

    Templates may be replaced one by one: `templates/en/page.txt.j2` in the configuration directory goes before
    the one that is built in. One that fails while a message is made is passed over: a typing mistake in a
    template must not silence a page.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        """Prepare the environments.

        Args:
            overrides: a directory of templates that go before the built-in ones; it need not exist.
        """
        built_in = PackageLoader("activities", "templates")
        self._built_in = _environment(built_in)
        self._ours = _environment(ChoiceLoader([FileSystemLoader(overrides), built_in])) if overrides else None

    def message(self, letter: Letter) -> Message:
        """The message in the reader's language."""
        facts = _facts(letter)
        render = {part: self._render(letter, part, facts) for part in ("subject", "txt", "html", "short")}
        return Message(
            id=letter.id,
            subject=one_line(render["subject"], _SUBJECT),
            text=render["txt"].strip() + "\n",
            html=render["html"].strip() + "\n",
            short=one_line(render["short"], _SHORT),
            severity=letter.brief.severity.value,
            ticket=letter.brief.key,
            language=letter.reader.language,
            data={
                "purpose": letter.purpose,
                "why": letter.why,
                "number": letter.number,
                "ticket": letter.brief.model_dump(mode="json"),
                **({"tickets": [ticket.key for ticket in letter.tickets]} if letter.tickets else {}),
                **letter.data,
            },
        )

    def words(self, name: str, facts: dict[str, Any]) -> str:
        """Some words by themselves, for a letter that is put together elsewhere."""
        return self._filled(name, facts).strip()

    def _render(self, letter: Letter, part: str, facts: dict[str, Any]) -> str:
        return self._filled(f"{letter.reader.language}/{letter.kind}.{part}.j2", facts)

    def _filled(self, name: str, facts: dict[str, Any]) -> str:
        if self._ours is not None:
            try:
                return self._ours.get_template(name).render(facts)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the built-in one is not
                _log.warning("The template %s of the configuration failed (%s); the built-in one is used.", name, error)
        return self._built_in.get_template(name).render(facts)


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _facts(letter: Letter) -> dict[str, Any]:
    """What templates may use. Everything that somebody wrote is cleaned and bounded here, once."""
    brief, reader = letter.brief, letter.reader
    links = [line for link in brief.links[:_LINKS] if (line := one_line(link, 2048))]
    about = "" if letter.form == "duty" else brief.title
    said = say_notice(letter.subject, letter.text, reader.language, title=about, severity=brief.severity.value)
    return {
        "reader": one_line(reader.name, 128),
        "key": brief.key,
        "number": letter.number,
        "title": one_line(brief.title, _TITLE),
        "description": lines(brief.description, _DESCRIPTION),
        "severity": brief.severity.value,
        "status": say_status(brief.status.value, reader.language),
        "service": one_line(brief.service, 128),
        "policy": brief.policy,
        "tier": say_tier(brief.tier, reader.language),
        "tier_number": brief.tier_number,
        "tier_role": brief.tier_role,
        "tier_reason": one_line(_at_home(brief.tier_reason, reader.zone), 500),
        "first_action": lines(brief.first_action, 1000),
        "round": brief.round,
        "owner": brief.owner,
        "runbook": one_line(brief.runbook, 2048),
        "links": links,
        "web_link": web_link,
        "purpose": letter.purpose,
        "why": one_line(_at_home(say_why(letter.why, reader.language), reader.zone), 500),
        "acknowledge": f"escalade ticket ack {brief.key}",
        "show": f"escalade ticket show {brief.key}",
        "tickets": [_line(ticket, reader.zone) for ticket in letter.tickets],
        "severities": _severities(letter.tickets),
        "opened_at": clock(brief.opened_at, reader.zone),
        "climbs_at": clock(brief.acknowledge_by, reader.zone) if brief.acknowledge_by else "",
        # A title stays as somebody wrote it; without one all of the subject is ours.
        "subject": one_line(said.subject if about else _at_home(said.subject, reader.zone), _SUBJECT),
        "text": lines(_at_home(said.text, reader.zone), 4000),
    }


def _at_home(text: str, zone: tzinfo) -> str:
    """A text with its instants on the reader's wall clock: what is kept for good names them in UTC."""
    return _INSTANT.sub(lambda found: _there(found[0], zone), text)


def _there(written: str, zone: tzinfo) -> str:
    try:
        return clock(datetime.fromisoformat(written), zone)
    except (ValueError, OverflowError):
        return written  # somebody wrote what only looks like one


def _line(ticket: TicketBrief, zone: tzinfo) -> dict[str, str]:
    """A ticket in a digest: one line."""
    return {
        "key": ticket.key,
        "title": one_line(ticket.title, 120),
        "severity": ticket.severity.value,
        "service": one_line(ticket.service, 40),
        "opened_at": clock(ticket.opened_at, zone),
    }


def _severities(tickets: Sequence[TicketBrief]) -> str:
    """How many of each, the worst first: `2 sev1, 14 sev3`."""
    found = Counter(ticket.severity.value for ticket in tickets)
    return ", ".join(f"{found[severity]} {severity}" for severity in sorted(found))


def clock(instant: datetime, zone: tzinfo) -> str:
    """An instant on the wall clock of its reader: `2026-03-09 09:00 CET`, `2026-03-09 05:00 UTC-03:00`."""
    there = instant.astimezone(zone)
    # Where a zone has no name of its own, Python calls it `-03`, which looks like a part of the time.
    name = f"{there:%Z}" if f"{there:%Z}".isalpha() else f"UTC{there.isoformat()[-6:]}"
    return f"{there:%Y-%m-%d %H:%M} {name}"


def zone_of(contact: Reachable | None) -> str:
    """The name of the zone somebody lives in; UTC for suppliers and shared places."""
    return contact.time_zone if isinstance(contact, Person) else "UTC"
