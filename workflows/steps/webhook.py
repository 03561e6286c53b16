"""`webhook`: call another system, signed, when a ticket has come to a tier."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from escalade.extension import StepContext
from escalade.messages.activities import WebhookRequest
from escalade.time.durations import Duration


class Webhook(BaseModel):
    """POST the ticket as JSON, signed with the secrets of a webhook channel."""

    model_config = ConfigDict(extra="forbid")
    name: ClassVar[str] = "webhook"
    version: ClassVar[str] = "1"

    channel: str = Field(min_length=1, max_length=64)
    """The webhook channel of `escalade.yaml` whose secrets sign it."""
    url: str = Field("", max_length=2048)
    """Where to; the channel's own address when omitted."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Sent along under `data`."""
    within: Duration = timedelta(hours=1)
    """Tried again until then."""

    async def run(self, ctx: StepContext) -> str:
        """Make the call."""
        body = {"event": "tier.entered", "ticket": ctx.ticket.model_dump(mode="json"), "data": self.data}
        request = WebhookRequest(url=self.url, body=body, message_id=ctx.step_id, secret_name=self.channel)
        answer = await ctx.activity("webhook", request, timeout=self.within)
        return f"called {self.channel}: {answer}"
