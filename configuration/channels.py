"""The channels of `escalade.yaml`: their blocks, checked by the settings of their kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from configuration.document import Document, KeyPath
from configuration.explain import explain
from configuration.model import ChannelConfig
from configuration.references import References, is_reference
from configuration.shape import keys_of, listed, secret_paths, suggestion
from escalade.errors import Problem
from escalade.extension import Channel


@dataclass(slots=True)
class Channels:
    """The configured channels, ready to check addresses with."""

    kinds: Mapping[str, type[Channel]]
    references: References
    configs: dict[str, ChannelConfig] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    """Every name written, broken ones included."""
    used: dict[str, str] = field(default_factory=dict)
    """What kind each is, of those that say it."""
    complete: bool = False
    """Whether the names could be read: otherwise no channel can be said to be missing."""
    problems: list[Problem] = field(default_factory=list)
    _made: dict[str, Channel] = field(default_factory=dict)

    def read(self, document: Document) -> None:
        """Read every block of `channels:`; problems are collected."""
        blocks = document.at(("channels",))
        self.complete = isinstance(blocks, dict)
        for name, block in blocks.items() if isinstance(blocks, dict) else ():
            self.known.append(name)
            if isinstance(block, dict) and isinstance(block.get("use"), str):
                self.used[name] = block["use"]
                self._read_block(document, name, block)

    def _read_block(self, document: Document, name: str, block: dict[str, object]) -> None:
        path: KeyPath = ("channels", name)
        use = str(block["use"])
        kind = self.kinds.get(use)
        if kind is None:
            known = sorted(self.kinds)
            mend = f"{suggestion(use, known)}Installed: {listed(known)}."
            found = f"There is no kind of channel {use[:60]!r}."
            self.problems.append(document.problem((*path, "use"), found, mend))
            return
        filled, problems = self.references.fill(document, path)
        written = {key: value for key, value in block.items() if key != "use"}
        filled = {key: value for key, value in filled.items() if key != "use"}
        problems += self._literal_secrets(document, path, kind.Settings, written)
        problems += _unknown_keys(document, path, kind.Settings, written)
        settings = None
        try:
            settings = kind.Settings.model_validate(filled)
        except ValidationError as error:
            told = [problem.field for problem in problems]
            explained = explain(error, document, kind.Settings, at=path, hide=self.references.hidden)
            # What a missing value brings about is not a second mistake.
            problems += [
                one.problem
                for one in explained
                if not _is_told(one.problem.field, told) and not (told and one.path == path)
            ]
        self.problems += problems
        if settings is None or problems:
            return
        try:
            self._made[name] = kind(settings)
        except Exception as error:  # noqa: BLE001 - an extension's code: whatever it raises is said, never a traceback
            what = self.references.hidden.clean(str(error) or type(error).__name__)
            found = f"The channel cannot be made: {what}"
            self.problems.append(document.problem(path, found, "Change its settings."))
            return
        self.configs[name] = ChannelConfig(use, settings)

    def _literal_secrets(
        self, document: Document, path: KeyPath, settings: type[BaseModel], written: dict[str, object]
    ) -> list[Problem]:
        found = []
        for below in secret_paths(settings, written):
            literal = document.at((*path, *below))
            if not is_reference(literal):
                self.references.hidden.hide(str(literal), "(secret)")
                what = "A secret is written here in full."
                mend = "Secrets are ${ENV} references: put the value in the environment and its ${NAME} here."
                found.append(document.problem((*path, *below), what, mend))
        return found

    def check(self, document: Document, path: KeyPath, *, channel: str, address: str | None) -> list[Problem]:
        """What is wrong with a contact: the channel it names, and the address there.

        Args:
            document: the file it is written in.
            path: where its `channel` and `address` are.
            channel: the channel it names.
            address: the address, references filled in; None when that was not possible.
        """
        if self.complete and channel not in self.known:
            mend = f"{suggestion(channel, self.known)}Configured in escalade.yaml: {listed(self.known)}."
            return [document.problem((*path, "channel"), f"There is no channel {channel!r}.", mend)]
        made = self._made.get(channel)
        if made is None or address is None:
            return []
        try:
            refused = made.check_address(address)
        except Exception as error:  # noqa: BLE001 - an extension's code, as above
            refused = f"it could not be checked: {str(error) or type(error).__name__}"
        if refused is None:
            return []
        what = self.references.hidden.clean(refused)
        found = f"Channel {channel!r} does not take this address: {what.rstrip('.')}."
        return [document.problem((*path, "address"), found, "Write an address that it takes.")]


def _is_told(field: str, told: list[str]) -> bool:
    """Whether a mistake was told at this very field, or in a part of it."""
    return any(other == field or other.startswith((f"{field}.", f"{field}[")) for other in told)


def _unknown_keys(
    document: Document, path: KeyPath, settings: type[BaseModel], written: dict[str, object]
) -> list[Problem]:
    """Keys that a channel's settings would ignore in silence."""
    if settings.model_config.get("extra") in ("forbid", "allow"):
        return []
    allowed = list(keys_of(settings))
    return [
        document.problem(
            (*path, key),
            f"{key[:60]!r} is no key here.",
            f"{suggestion(key, allowed)}Allowed: {listed(['use', *allowed])}.",
        )
        for key in written
        if key not in allowed
    ]
