"""The pages themselves: links lead somewhere, commands exist, and what is promised is short."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from docs.generate import every_command
from tests.docs.pages import ROOT, Fence, commands, fences, loosely, pages, pattern, written

SHELL = [fence for page in pages() for fence in fences(page) if fence.language == "sh"]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page}: {link}"
        assert ROOT in target.parents, f"{page}: {link} leads out of the repository"
        assert not anchor or anchor in _anchors(target), f"{page}: {link}"


def test_every_page_is_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        links = [link.partition("#")[0] for link in _LINK.findall(_prose(page))]
        waiting += [(page.parent / link).resolve() for link in links if link.endswith(".md") and "://" not in link]
    assert set(pages()) - seen == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


@pytest.mark.parametrize("page", written(), ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_fits_the_page(page: Path) -> None:
    long = [line for line in _prose(page).splitlines() if len(line) > 121 and not line.startswith("|")]
    assert [line for line in long if "](" not in line] == []


def _escalade_lines(fence: Fence) -> list[list[str]]:
    found = []
    for line in commands(fence):
        words = shlex.split(line.replace("<(", "("), comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words and words[0].rpartition("/")[2] == "escalade":
            found.append(words[1:])
    return found


@pytest.mark.parametrize("fence", SHELL, ids=str)
def test_every_escalade_command_in_a_page_can_be_typed(fence: Fence) -> None:
    known = {path.split()[1:].__str__(): command for path, command, _ in every_command()}
    for words in _escalade_lines(fence):
        depth = next(n for n in (2, 1) if str(words[:n]) in known)
        command = known[str(words[:depth])]
        command.make_context(command.name, list(words[depth:]), resilient_parsing=False).close()


@pytest.mark.parametrize("fence", SHELL, ids=str)
def test_every_make_target_in_a_page_exists(fence: Fence) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in commands(fence):
        if line.startswith("make "):
            assert line.split()[1] in targets


def test_no_page_names_a_file_of_the_repository_that_is_not_there() -> None:
    tops = ("escalade", "activities", "workflows", "worker", "store", "configuration", "cli", "tests", "docs")
    for page in written():
        for name in re.findall(rf"`((?:{'|'.join(tops)})/[\w/.-]*)`", page.read_text()):
            assert (ROOT / name).exists() or name == "cli/examples", f"{page}: {name}"


def test_lines_of_output_are_compared_without_their_numbers_and_with_their_words() -> None:
    said = loosely("12.5s  it climbs to experts (rung 2)   — nobody answered")
    assert re.search(pattern("3.1s it climbs … — nobody answered"), said)
    assert not re.search(pattern("it returns to experts"), said)
    assert not re.search(pattern("it climbs … — somebody answered"), said)
