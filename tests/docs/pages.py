"""The documentation as tests read it: its pages, and what is in their fences.

A comment above a fence says what is to become of it: `<!-- not run: why -->`, `<!-- file: name -->`,
`<!-- into: escalade.yaml; env: NAME=value … -->`, `<!-- run: name -->`, `<!-- exits with: 1 -->`. Shell that says
nothing is run; a text block behind it holds lines of its output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = "<!-- Written by docs/generate.py"
_FENCE = re.compile(r"^(?:<!-- ([^\n]*) -->\n)?```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code, its language and the comment above it."""

    page: Path
    line: int
    comment: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def about(self, word: str) -> str:
        """What the comment says after a word: `file`, `into`, `run`, …; nothing when it says something else."""
        key, _, value = self.comment.partition(":")
        return value.strip() if key == word else ""


def pages() -> list[Path]:
    """Every page a person reads."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").rglob("*.md"))]


def written() -> list[Path]:
    """Those that a person wrote."""
    return [page for page in pages() if not page.read_text().startswith(GENERATED)]


def fences(page: Path) -> list[Fence]:
    """The blocks of a page, in order."""
    text = page.read_text()
    return [
        Fence(page, text[: found.start()].count("\n") + 1, found[1] or "", found[2], found[3])
        for found in _FENCE.finditer(text)
    ]


def commands(fence: Fence) -> list[str]:
    """The command lines of a shell block, continued lines joined, here-documents left out."""
    text = re.sub(r"<<'(\w+)'\n.*?^\1$", "", fence.text, flags=re.MULTILINE | re.DOTALL).replace("\\\n", " ")
    found: list[str] = []
    for line in text.splitlines():
        # A quoted text may go on in the next line.
        if found and found[-1].count("'") % 2:
            found[-1] += f" {line.strip()}"
        elif line.strip():
            found.append(line.strip())
    return found


def pattern(line: str) -> str:
    """A line of output as it is compared: numbers and spaces do not count, … stands for anything."""
    parts = [re.escape(loosely(part)) for part in line.strip().split("…")]
    return ".*".join(parts)


def loosely(text: str) -> str:
    """Text without what differs from run to run."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "#", text)).strip()
