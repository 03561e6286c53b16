"""A webhook step is signed with the secrets of a channel, which has to be one that has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration import check
from tests.configuration.making import ENV, GOOD, told, write
from worker.registry import extensions

HOOK = "  hook: {use: webhook, url: 'https://hook.example/x', secrets: ['${HOOK_SECRET}']}\n"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def said(place: Path, channel: str, *, hook: bool = True) -> list[str]:
    files = dict(GOOD)
    step = "      - use: webhook\n        with: {channel: " + channel + ", url: 'https://there.example/x'}\n"
    files["policies/desk.yaml"] = GOOD["policies/desk.yaml"].replace("again:", f"{step}again:").replace("after: 5m", "")
    if hook:
        files["escalade.yaml"] = GOOD["escalade.yaml"].replace("places:", f"{HOOK}places:")
    found, env = extensions(), {**ENV, "HOOK_SECRET": SECRET}
    problems = check(write(place, files), env=env, channels=found.channels, steps=found.steps)
    return [str(problem) for problem in problems if problem.field.endswith("channel")]


def test_a_webhook_channel_is_right(tmp_path: Path) -> None:
    assert said(tmp_path, "hook") == []


@pytest.mark.parametrize(
    ("channel", "hook", "words"),
    [
        ("mail", True, "Channel 'mail' is no webhook: it is smtp. Webhook channels in escalade.yaml: hook."),
        ("hok", True, "There is no channel 'hok'. Did you mean hook? Webhook channels in escalade.yaml: hook."),
        ("mail", False, "Channel 'mail' is no webhook: it is smtp. Webhook channels in escalade.yaml: none."),
    ],
)
def test_another_channel_is_an_error_with_its_place(tmp_path: Path, channel: str, *, hook: bool, words: str) -> None:
    (problem,) = said(tmp_path, channel, hook=hook)
    assert problem.startswith("policies/desk.yaml:")
    assert problem.endswith(words)


def test_a_secret_that_is_not_set_is_told_once(tmp_path: Path) -> None:
    files = {**GOOD, "escalade.yaml": GOOD["escalade.yaml"].replace("places:", f"{HOOK}places:")}
    problems = check(write(tmp_path, files), env=ENV, channels=extensions().channels, steps={})
    (problem,) = [one for one in problems if one.field.startswith("channels.hook")]
    assert problem.field == "channels.hook.secrets[1]"
    assert problem.found == "The environment variable HOOK_SECRET is not set."


def test_a_folder_and_a_dangling_link_in_place_of_a_policy_are_errors_of_their_own(tmp_path: Path) -> None:
    place = write(tmp_path, GOOD)
    (place / "policies" / "x.yaml").mkdir()
    (place / "policies" / "y.yaml").symlink_to("nowhere")
    assert told(place) == [
        "policies/x.yaml: The file cannot be read: it is a folder. Rename it, or put a file in its place.",
        "policies/y.yaml: The file cannot be read: it is a link that leads nowhere. Mend the link, or remove it.",
    ]
