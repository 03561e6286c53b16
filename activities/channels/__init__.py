"""The channels that come with Escalade: one file each. Others are found by the entry point `escalade.channels`."""

from __future__ import annotations

from typing import Final

from activities.channels.apprise import AppriseChannel
from activities.channels.console import ConsoleChannel
from activities.channels.smtp import SmtpChannel
from activities.channels.webhook import WebhookChannel
from escalade.extension import Channel

CHANNELS: Final[dict[str, type[Channel]]] = {
    channel.use: channel for channel in (ConsoleChannel, SmtpChannel, WebhookChannel, AppriseChannel)
}
"""What `use:` of a channel may say without installing anything."""

__all__ = ["CHANNELS", "AppriseChannel", "ConsoleChannel", "SmtpChannel", "WebhookChannel"]
