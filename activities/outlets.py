"""The channels of the configuration in force, ready to send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from pydantic import BaseModel

from escalade.errors import ChannelError
from escalade.extension import Channel

DOWN: Final = 5
"""Deliveries in a row that have to fail by a channel before it is marked down; one that succeeds unmarks it."""


class Configured(Protocol):
    """A channel as `escalade.yaml` has it."""

    @property
    def use(self) -> str:
        """The kind of channel."""

    @property
    def settings(self) -> BaseModel:
        """Its block, checked."""


class Outlets:
    """Makes each channel once, and again only when a reload changed it: a channel keeps threads of its own."""

    def __init__(self, kinds: Mapping[str, type[Channel]]) -> None:
        """Know the kinds of channels.

        Args:
            kinds: by what `use:` says, built-in ones and extensions.
        """
        self._kinds = kinds
        self._made: dict[str, tuple[str, BaseModel, Channel]] = {}
        self._failed: dict[str, int] = {}

    def heard(self, name: str, *, reached: bool) -> None:
        """Keep whether a delivery by a channel got through."""
        self._failed[name] = 0 if reached else self._failed.get(name, 0) + 1

    def is_down(self, name: str) -> bool:
        """Whether a channel is marked down: so many deliveries in a row failed by it, in this process."""
        return self._failed.get(name, 0) >= DOWN

    def channel(self, name: str, configured: Mapping[str, Configured]) -> Channel:
        """The channel of this name.

        Args:
            name: as contact methods and shared places call it.
            configured: the channels of the configuration in force.

        Raises:
            ChannelError: when it is not configured, or cannot be made.
        """
        wanted = configured.get(name)
        if wanted is None:
            raise ChannelError(f"The channel {name!r} is not configured any more.", permanent=True)
        made = self._made.get(name)
        if made is not None and made[:2] == (wanted.use, wanted.settings):
            return made[2]
        kind = self._kinds.get(wanted.use)
        if kind is None:
            raise ChannelError(f"This worker has no channel {wanted.use!r}.", permanent=True)
        try:
            channel = kind(wanted.settings)
        except Exception as error:
            raise ChannelError(f"The channel {name!r} cannot be set up: {error}", permanent=True) from error
        self._made[name] = (wanted.use, wanted.settings, channel)
        return channel
