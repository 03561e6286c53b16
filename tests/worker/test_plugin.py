"""What workflows share with their process: every module of theirs that defines no workflow."""

from __future__ import annotations

from pathlib import Path

import workflows
from worker.plugin import PASSED_THROUGH

HERE = Path(workflows.__file__).parent


def test_only_modules_that_define_workflows_are_loaded_anew_for_each_ticket() -> None:
    found = {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("*.py") if path.stem != "__init__"}
    pure = {name for name, text in found.items() if "@workflow.defn" not in text}
    assert len(pure) > 5
    shared = {name.partition(".")[2] for name in PASSED_THROUGH if name.startswith("workflows.")}
    assert shared == {*pure, "steps"}
