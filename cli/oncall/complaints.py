"""Everything that is wrong with a command, told at once."""

from __future__ import annotations

from cli.failures import WrongCommandError


class Complaints:
    """Collects what is wrong, so that nobody has to correct a command several times."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._found: list[tuple[str, str]] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def add(self, sentence: str, mend: str | None = None) -> None:
        """Take one in: what is wrong, and how to put it right."""
        self._found.append((sentence, mend or ""))

    def tell(self) -> None:
        """Refuse the command if anything is wrong with it.

        Raises:
            WrongCommandError: with all of it.
        """
        if len(self._found) == 1:
            sentence, mend = self._found[0]
            raise WrongCommandError(sentence, mend=mend or None)
        if self._found:
            lines = "\n".join(f"  {sentence} {mend}".rstrip() for sentence, mend in self._found)
            raise WrongCommandError(f"{len(self._found)} things are wrong:\n{lines}", mend="Nothing was done.")
