"""Whatever Apprise can reach: chat, SMS, voice and push by one URL."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.channels.threads import Threads
from escalade.errors import ChannelError
from escalade.extension import Channel, Delivery, Message

_PLACE = "{address}"


class AppriseSettings(BaseModel):
    """The Apprise URL, or the part of it that everybody shares."""

    model_config = ConfigDict(extra="forbid")

    url: SecretStr = Field(
        SecretStr(""),
        description="An Apprise URL; `{address}` in it stands for the address of the contact method. "
        "Without it each address is a whole Apprise URL.",
    )
    short: bool = Field(False, description="Send the short text alone, as SMS and voice want it.")


class AppriseChannel(Channel):
    """Sends each message through Apprise."""

    use: ClassVar[str] = "apprise"
    Settings: ClassVar[type[BaseModel]] = AppriseSettings

    def __init__(self, settings: AppriseSettings) -> None:
        self._url = settings.url.get_secret_value()
        self._short = settings.short
        self._threads = Threads("apprise", most=16)

    def check_address(self, address: str) -> str | None:
        """Why Apprise cannot use this. The URL itself is not repeated: it holds secrets."""
        if self._url and _PLACE not in self._url:
            if address:
                return "the channel's url has no {address}, so an address here would never be used"
        elif not address:
            return "there is no address for this channel"
        if _load(self._full(address)) is None:
            return "Apprise does not know this URL; see `apprise --help` or its documentation for the right form"
        return None

    async def send(self, message: Message, address: str) -> Delivery:
        """Notify.

        Raises:
            ChannelError: when Apprise reports a failure; it does not say of which kind.
        """
        title, body = ("", message.short) if self._short and message.short else (message.subject, message.text)
        url = self._full(address)
        await self._threads.run(lambda: _notify(url, title, body, urgent=message.severity in ("sev1", "sev2")))
        return Delivery(outcome="accepted", provider_id=message.id)

    def _full(self, address: str) -> str:
        return self._url.replace(_PLACE, quote(address, safe="+@")) if self._url else address


def _load(url: str) -> Any:
    from apprise import Apprise  # noqa: PLC0415 - slow to import, and only those who use it pay

    return Apprise.instantiate(url, suppress_exceptions=True)


def _notify(url: str, title: str, body: str, *, urgent: bool) -> None:
    from apprise import NotifyFormat, NotifyType  # noqa: PLC0415

    service = _load(url)
    if service is None:
        raise ChannelError("Apprise does not know this URL.", permanent=True)
    kind = NotifyType.FAILURE if urgent else NotifyType.WARNING
    if not service.notify(title=title, body=body, notify_type=kind, body_format=NotifyFormat.TEXT):
        raise ChannelError(f"{service.service_name} did not take the message; Apprise's log says why.")
