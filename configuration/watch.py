"""The `watch:` of `escalade.yaml`: its address filled in, and a canary that wakes nobody."""

from __future__ import annotations

from typing import Final

from configuration.document import Document
from configuration.files import EscaladeFile, WatchSpec
from configuration.references import References
from escalade.errors import Problem
from escalade.policy.model import PolicySpec
from escalade.policy.route import route
from escalade.ticket import Severity, Ticket

CANARY: Final = Ticket(
    title="canary", severity=Severity.SEV5, source="escalade-canary", dedupe_key="canary", labels={"canary": "true"}
)
"""What a canary says: enough to know which policy it gets."""


def read_watch(
    document: Document, file: EscaladeFile, references: References, policies: list[PolicySpec]
) -> tuple[WatchSpec, list[Problem]]:
    """The watch as it is to be served, and what is wrong with it.

    Args:
        document: `escalade.yaml`.
        file: its contents.
        references: fills in the heartbeat's address, which is a secret with most services.
        policies: the good policies.
    """
    problems: list[Problem] = []
    watch = file.watch
    if watch.heartbeat_url:
        path = ("watch", "heartbeat_url")
        url, problems = references.fill(document, path)
        if not problems and not str(url).startswith(("https://", "http://")):
            found = "The heartbeat address does not begin with https:// or http://."
            problems.append(document.problem(path, found, "Put a whole web address into the variable."))
        watch = watch.model_copy(update={"heartbeat_url": str(url)})
    if watch.canary_every is not None:
        _, why = route(policies, CANARY, default="")
        if not why.startswith("match"):
            found = f"No policy takes the canary, so it would page the people of {file.default_policy!r}."
            mend = "Give a policy `match: [{source: escalade-canary}]` and page a place nobody is woken by."
            problems.append(document.problem(("watch", "canary_every"), found, mend))
    return watch, problems
