from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.untrusted import lines, one_line, web_link

ANYTHING = st.text(st.characters(codec=None), max_size=400)


@given(ANYTHING, st.integers(1, 200))
def test_one_line_is_one_bounded_line_without_controls(text: str, limit: int) -> None:
    made = one_line(text, limit)
    assert len(made) <= limit
    assert made.splitlines() in ([], [made])
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in made)
    made.encode()


@given(ANYTHING, st.integers(1, 200))
def test_lines_keep_breaks_and_tabs_and_no_other_controls(text: str, limit: int) -> None:
    made = lines(text, limit)
    assert len(made) <= limit
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in made if c not in "\n\t")
    made.encode()


@given(st.text(st.characters(categories=["L", "N"]), max_size=50))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert one_line(text, 50) == lines(text, 50) == text


def test_text_cannot_reorder_what_is_read() -> None:
    assert one_line("pay \u202egpj.exe", 50) == "pay gpj.exe"
    assert lines("a\u2066b\u2069", 50) == "ab"


def test_windows_line_ends_are_line_ends() -> None:
    assert lines("a\r\nb\rc", 50) == "a\nb\nc"


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "HTTP//x", "//x", "", "https://a b"])
def test_only_plain_web_links_are_linked(text: str) -> None:
    assert web_link(text) == ""


def test_a_web_link_is_linked() -> None:
    assert web_link("https://runbooks.example.org/a?b=c") == "https://runbooks.example.org/a?b=c"
