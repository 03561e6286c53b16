"""One invocation of a command: what its shared options say, and the doors it opens when it needs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.render.moments import Moments


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the person asked for, besides the command's own arguments."""

    output: str = "table"
    utc: bool = False
    verbose: int = 0
    person: str | None = None
    """`--as`, not yet looked up."""

    def begin(self) -> None:
        """Set up logging: silent unless asked for."""
        if not self.verbose:
            return
        import logging

        level = logging.DEBUG if self.verbose > 1 else logging.INFO
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    @property
    def json(self) -> bool:
        """Whether a program reads the answer."""
        return self.output == "json"

    @property
    def colour(self) -> bool | None:
        """What `click.echo` is told about colours: never with NO_COLOR, else whatever suits the stream."""
        return False if os.environ.get("NO_COLOR") else None

    def now(self) -> datetime:
        """The instant, in UTC."""
        return datetime.now(UTC)

    def moments(self) -> Moments:
        """How instants are written."""
        from cli.render.moments import moments

        return moments(self.now(), utc=self.utc)
