"""Where the demo plays: a directory of its own with a configuration whose limits are seconds."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from cli.ticket.reading import Read, read_tickets
from cli.ticket.rows import read_rows
from escalade.ticket import Ticket, ticket_key

SECRET: Final = "DEMO_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
PEOPLE: Final = {"ana": "primary", "bruno": "experts", "ines": "management"}
"""Who stands on which tier."""

TIMES: Final = "a repeat after 4s, up after 8s"
"""What the policy below says about its first tier, in words."""

_ESCALADE: Final = """\
catch_all: channel:desk
default_policy: desk
channels:
  mail:
    use: smtp
    host: 127.0.0.1
    port: {mail_port}
    security: none
    sender: escalade@demo.example
  chat:
    use: webhook
    secrets: ["${{DEMO_WEBHOOK_SECRET}}"]
  sms:
    use: webhook
    secrets: ["${{DEMO_WEBHOOK_SECRET}}"]
places:
  desk: {{channel: mail, address: desk@demo.example}}
"""
_PEOPLE: Final = """\
people:
  ana: # by mail and chat at once
    name: Ana Ribeiro
    methods:
      mail: {{channel: mail, address: ana@demo.example}}
      chat: {{channel: chat, address: "{web}/chat/ana"}}
    rules: [{{use: mail}}, {{use: chat}}]
  bruno: # by text message; by mail when that fails
    name: Bruno Keller
    methods:
      sms: {{channel: sms, address: "{web}/sms/bruno"}}
      mail: {{channel: mail, address: bruno@demo.example}}
  ines:
    name: Inès Moreau
    methods:
      chat: {{channel: chat, address: "{web}/chat/ines"}}
"""
_PAYMENTS: Final = """\
policy: payments
match:
  - {service: payments, severity: sev1}
tiers:
  - name: primary
    page: [person:ana]
    acknowledge_within: 8s
    repeat_every: 4s
    resolve_within: 1h
  - name: experts
    page: [person:bruno]
    acknowledge_within: 30s
    resolve_within: 6s
  - name: management
    kind: hierarchical
    page: [person:ines]
    acknowledge_within: 2m
    repeat_every: 5s
    resolve_within: 1h
"""
_DESK: Final = """\
policy: desk
tiers:
  - name: desk
    page: [channel:desk]
    acknowledge_within: 1h
    resolve_within: 1d
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """The directory and what is in it."""

    root: Path
    secret: str

    @classmethod
    def make(cls) -> Scene:
        """A new directory of its own in the temporary one."""
        return cls(Path(tempfile.mkdtemp(prefix="escalade-demo-")), secrets.token_hex(16))

    @property
    def config(self) -> Path:
        """The configuration directory."""
        return self.root / "config"

    @property
    def state(self) -> Path:
        """What `up` keeps, the journal included."""
        return self.root / "state"

    @property
    def messages(self) -> Path:
        """What the receivers received."""
        return self.root / "messages"

    def configure(self, *, mail_port: int, web: str) -> None:
        """Write the configuration."""
        written = {
            "escalade.yaml": _ESCALADE.format(mail_port=mail_port),
            "people.yaml": _PEOPLE.format(web=web),
            "policies/desk.yaml": _DESK,
            "policies/payments.yaml": _PAYMENTS,
        }
        for name, text in written.items():
            path = self.config / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def env(self, given: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment of everything in the demo: nothing of an installation beside it gets in."""
        clean = {name: value for name, value in given.items() if not name.startswith(("ESCALADE_", "TEMPORAL_"))}
        return {
            **clean,
            "ESCALADE_CONFIG": str(self.config),
            "ESCALADE_STATE": str(self.state),
            "ESCALADE_PORT": "0",
            SECRET: self.secret,
        }


def sample_tickets() -> list[Read]:
    """The tickets of the sample file that `escalade init` writes, too."""
    source = files("cli") / "examples" / "tickets" / "tickets.jsonl"
    rows = read_rows(source.name, source.read_bytes(), "jsonl")
    return [read for read in read_tickets(source.name, rows, {"source": "demo"}) if isinstance(read, Read)]


def key_of_sample(ticket: Ticket) -> str:
    """The key a sample ticket gets; each has a dedupe key."""
    return ticket_key(ticket.tenant, ticket.source, ticket.dedupe_key or "")
