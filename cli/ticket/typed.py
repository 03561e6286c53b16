"""What is wrong with what somebody typed, all of it in one sentence."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from cli.failures import WrongCommandError
from configuration.explain import in_words


def cannot(what: str, error: ValidationError) -> WrongCommandError:
    """The error that says it.

    Args:
        what: what cannot be done because of it.
        error: what was found.
    """
    said = [(".".join(map(str, one["loc"])), *in_words(one, BaseModel)) for one in error.errors()]
    found = "; ".join(f"{field}: {wrong[:1].lower()}{wrong[1:].rstrip('.')}" for field, wrong, _ in said)
    return WrongCommandError(f"{what}: {found}.", mend=" ".join(dict.fromkeys(mend for _, _, mend in said)))
