"""What the watch over all tickets asks and answers (decisions 38 and 49)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalade.record import Entry
from escalade.time.instants import Instant
from escalade.written import Sent

FindingKind = Literal["late", "silent", "unadmitted", "missing", "canary", "digest", "store"]
"""A ticket whose next due is past; one that does not answer; one without a policy; one whose workflow is
gone; the canary's failure; a digest that nobody sent; the store does not answer."""

OPERATIONS: str = "operations"
"""The stream of the journal that holds what the watch found."""


class WatchRequest(Sent):
    """One look at everything."""

    compare: bool = False
    """Also compare every open workflow with every open row."""


class WatchFinding(Sent):
    """Something that must not be."""

    kind: FindingKind
    id: str
    """The same while it lasts, with a new one each hour: it is told once an hour."""
    key: str = ""
    """The ticket, or the digest."""
    text: str
    """One sentence for whoever is paged."""
    since: Instant


class WatchReport(Sent):
    """What a look found."""

    looked_at: int = 0
    """How many open tickets there are, as far as the look counted them."""
    findings: list[WatchFinding] = Field(default_factory=list)
    """Everything that is wrong now."""
    fresh: list[WatchFinding] = Field(default_factory=list)
    """What nobody has been told of yet."""
    entries: list[Entry] = Field(default_factory=list)
    """The fresh ones as entries of the stream `operations`."""
    reprojected: list[str] = Field(default_factory=list)
    """Tickets whose missing row was written again."""
    tell: list[str] = Field(default_factory=list)
    """The catch-all."""
    at: Instant
    heartbeat: bool = False
    """Whether there is an address to call when all is well."""


class CanaryReport(Sent):
    """How a ticket fared that was opened only to see whether everything works."""

    well: bool
    text: str
    key: str = ""
    findings: list[WatchFinding] = Field(default_factory=list)
    entries: list[Entry] = Field(default_factory=list)
    tell: list[str] = Field(default_factory=list)
    """The catch-all, when it did not fare well."""
