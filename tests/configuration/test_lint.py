"""What is allowed and probably not meant: warned of, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.configuration.making import GOOD, changed, told, write

CASES: dict[str, tuple[dict[str, str], str]] = {
    "a tier that nobody leaves once it is acknowledged": (
        changed("policies/desk.yaml", ("    resolve_within: 1h\n", "    resolve_within: {sev1: 1h, sev2: 1h}\n")),
        (
            "policies/desk.yaml:3: tiers[first]: Acknowledged here, sev3, sev4, sev5 can stay for ever: "
            "nothing asks again. Give resolve_within or acknowledgement_lasts."
        ),
    ),
    "a repeat that never comes": (
        changed(
            "policies/desk.yaml",
            ("    acknowledge_within: 30m\n", "    acknowledge_within: 30m\n    repeat_every: 30m\n"),
        ),
        (
            "policies/desk.yaml:10: tiers[second].repeat_every: Nothing is repeated for sev1: repeat_every 30m is "
            "not shorter than acknowledge_within 30m. Shorten it, or leave it out."
        ),
    ),
    "a tier that every severity starts above": (
        changed(
            "policies/desk.yaml",
            ("again:", f"start_at: {{{', '.join(f'sev{n}: second' for n in range(1, 6))}}}\nagain:"),
        ),
        (
            "policies/desk.yaml:3: tiers[first]: Every severity starts above tier 'first'; only a return leads to it. "
            "Lower a start_at, or remove the tier."
        ),
    ),
    "a tier that no time leads above": (
        changed(
            "policies/desk.yaml",
            (
                "{sev1: 5m, default: 15m}\n    resolve_within: 1h",
                "never\n    repeat_every: 5m\n    acknowledgement_lasts: 30m",
            ),
        ),
        (
            "policies/desk.yaml:5: tiers[first].acknowledge_within: No time leads above tier 'first': "
            "it repeats until somebody answers, without resolve_within. "
            "Give resolve_within, or a limit for some severity."
        ),
    ),
    "a policy behind one that takes everything": (
        {
            **GOOD,
            "policies/all.yaml": GOOD["policies/desk.yaml"].replace("policy: desk", "policy: all\nmatch: [{}]"),
            "policies/b.yaml": GOOD["policies/desk.yaml"].replace("policy: desk", "policy: b\nmatch: [{service: x}]"),
        },
        "policies/b.yaml:1: Policy 'all' takes every ticket before this one. Rename the files to reorder them.",
    ),
    "a policy that no ticket gets": (
        {**GOOD, "policies/b.yaml": GOOD["policies/desk.yaml"].replace("policy: desk", "policy: b")},
        "policies/b.yaml:1: No ticket gets this policy: it has no match and is not the default. Give it a match.",
    ),
    "somebody who cannot be told anything": (
        {**GOOD, "people.yaml": GOOD["people.yaml"].replace("teams:", "  eve: {name: Eve}\nteams:")},
        "people.yaml:14: people.eve: eve has no contact method and cannot be told anything. Give one under `methods:`.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_probably_not_meant_is_warned_of(name: str, tmp_path: Path) -> None:
    files, expected = CASES[name]
    assert told(write(tmp_path, files)) == [f"warning: {expected}"]


def test_a_person_whom_nobody_pages_is_fine(tmp_path: Path) -> None:
    eve = "  eve:\n    methods:\n      screen: {channel: screen}\nteams:"
    assert told(write(tmp_path, changed("people.yaml", ("teams:", eve)))) == []
