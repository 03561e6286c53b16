"""What everything in the configuration has in common, and everything that is sent."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""What things in the configuration are called: lower case, digits, `.`, `_`, `-`; 64 characters at most."""


KEPT: Final[dict[str, Any]] = {"kept": True}
"""The validation context of what was kept earlier: it is read, and no longer judged.

What people write is judged when they write it. A rule that is made stricter later must not lose what was taken before.
"""


def is_kept(info: ValidationInfo) -> bool:
    """Whether what is validated was kept earlier: then only what nobody could make sense of is refused."""
    return bool(info.context and info.context.get("kept"))


def shown(value: object) -> str:
    """What was written, as a short part of a sentence: `'noon'`, `true`, `a mapping`."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 62 else f"{text[:60]}…"


class Written(BaseModel):
    """Base of everything people write: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sent(BaseModel):
    """Base of what is sent or kept: its validator is made when it is first used.

    A program that sends one message, such as an acknowledgement, does not wait for the validators of all others.
    """

    model_config = ConfigDict(defer_build=True)
