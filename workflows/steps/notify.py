"""`notify`: tell people or a channel that a ticket has come to a tier."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from escalade.errors import StepError
from escalade.extension import StepContext
from escalade.policy.model import TargetText
from escalade.time.durations import Duration


class Notify(BaseModel):
    """Tell somebody; asks nothing of them."""

    model_config = ConfigDict(extra="forbid")
    name: ClassVar[str] = "notify"
    version: ClassVar[str] = "1"

    to: list[TargetText] = Field(min_length=1, max_length=20)
    """`person:`, `team:`, `schedule:`, `vendor:` or `channel:` and a name."""
    text: str = Field("", max_length=2000)
    """What to say; the ticket and its tier when omitted."""
    after: Duration = timedelta(0)
    """Wait so long first."""

    async def run(self, ctx: StepContext) -> str:
        """Send it."""
        if self.after:
            await ctx.wait(self.after)
        ticket = ctx.ticket
        subject = f"{ticket.severity.value} {ticket.title}: now with {ticket.tier}"
        result = await ctx.page(*self.to, subject=subject, text=self.text or ticket.tier_reason or subject)
        told = [receipt.target for receipt in result.receipts if receipt.reached]
        if not told:
            raise StepError("nobody could be told: " + "; ".join(r.detail for r in result.receipts))
        return f"told {', '.join(dict.fromkeys(told))}"
