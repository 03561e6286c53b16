"""Messages as blocks of text in a file or on standard error: for trying things out, and for tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from activities.channels.threads import Threads
from escalade.errors import ChannelError
from escalade.extension import Channel, Delivery, Message

_RULE = "─" * 72


class ConsoleSettings(BaseModel):
    """Where the blocks go."""

    model_config = ConfigDict(extra="forbid")

    path: Path | None = Field(None, description="A file to append to, made when missing; standard error without it.")


class ConsoleChannel(Channel):
    """Writes each message as a readable block."""

    use: ClassVar[str] = "console"
    Settings: ClassVar[type[BaseModel]] = ConsoleSettings

    def __init__(self, settings: ConsoleSettings) -> None:
        self._path = settings.path
        # One thread: blocks of messages sent at once never mix.
        self._threads = Threads("console", most=1)

    def check_address(self, address: str) -> str | None:
        """Any address will do: it is only shown."""
        del address
        return None

    async def send(self, message: Message, address: str) -> Delivery:
        """Append the block.

        Raises:
            ChannelError: when the file cannot be written.
        """
        block = (
            f"{_RULE}\nto       {address or 'everybody here'}\nid       {message.id}\n"
            f"subject  {message.subject}\n{_RULE}\n{message.text.rstrip()}\n\n"
        )
        try:
            await self._threads.run(lambda: self._append(block))
        except OSError as error:
            raise ChannelError(f"{self._path or 'standard error'} cannot be written: {error.strerror}.") from error
        return Delivery(outcome="delivered", provider_id=message.id)

    def _append(self, block: str) -> None:
        if self._path is None:
            sys.stderr.write(block)
            sys.stderr.flush()
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # One write of one buffer in append mode: several workers may share the file.
        with self._path.open("ab", buffering=0) as file:
            file.write(block.encode())
