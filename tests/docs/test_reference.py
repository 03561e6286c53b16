"""The reference says everything, and nothing else: keys, kinds, variables, metrics, codes, commands, decisions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from activities.page import DELIVERIES, LATENESS
from cli.exits import ExitCode
from cli.render.documents import DOCUMENTS
from configuration import schemas
from docs import generate
from docs.meanings import COMPOSE, FINDINGS, KINDS, METRICS, TEMPORAL, VARIABLES
from escalade.effects import StepFinished
from escalade.messages import COMMANDS
from escalade.messages.activities import Outcome, Purpose
from escalade.messages.watch import FindingKind
from escalade.people.changes import ChangeKind
from store import audit
from tests.docs.pages import ROOT
from tests.house import FLOORS, sources
from worker.metrics import ACKNOWLEDGE_LATENCY
from worker.registry import extensions
from worker.search_attributes import CLI_NAMES
from worker.settings import _NAMES

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text()


def test_the_reference_is_what_the_code_says() -> None:
    assert generate.stale() == []


def _keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from (key for key, value in properties.items() if "const" not in value)
        for value in schema.values():
            yield from _keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _keys(value)


def test_every_configuration_key_is_documented_with_a_meaning_and_no_other() -> None:
    found = extensions()
    text = page("configuration.md")
    rows = re.findall(r"^\| `([^`]+)`(?: \(required\))? \| .* \| (.*) \|$", text, re.MULTILINE)
    documented = {key for key, _ in rows}
    known = {key for schema in schemas(found.channels, found.steps).values() for key in _keys(schema)}
    assert documented == known
    assert [key for key, meaning in rows if not meaning.strip()] == []


def _written_kinds() -> set[str]:
    """Every kind of entry that the code can write: literals, and those put together."""
    found: set[str] = set()
    for path in sources(*FLOORS):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [k.value for k in node.keywords if k.arg == "kind" and called in ("Entry", "unacknowledge")]
            if called == "note" and isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "d":
                given += node.args[:1]
            if (
                called == "note"
                and isinstance(node.func, ast.Attribute)
                and getattr(node.func.value, "id", "") == "self"
            ):
                given += node.args[:1]
            for value in given:
                for literal in _branches(value):
                    found |= _spelled(literal)
    for node in ast.walk(ast.parse((ROOT / "escalade/engine/draft.py").read_text())):
        # `model_copy(update={"kind": …})`
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "kind" and isinstance(value, ast.Constant):
                    found.add(str(value.value))
    return found


def _branches(value: ast.expr) -> list[ast.expr]:
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


def _spelled(value: ast.expr) -> set[str]:
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if not isinstance(value, ast.JoinedStr):
        return set()
    text = ast.unparse(value)[2:-1]
    steps = get_args(StepFinished.model_fields["outcome"].annotation)
    families: dict[str, set[str]] = {
        "{command}.refused": {"<command>.refused"},
        "{cmd.name}.ignored": {"<command>.ignored"},
        "{effect.purpose}.nobody": {f"{purpose}.nobody" for purpose in ("responder", "notice")},
        "{ended.kind}.ended": {"snoozed.ended", "pending.ended"},
        "ticket.{status.value}": {"ticket.snoozed", "ticket.pending"},
        "step.{event.outcome}": {f"step.{outcome}" for outcome in steps},
        "page.{receipt.outcome}": {f"page.{outcome}" for outcome in get_args(Outcome)},
        "{change.kind}.made": {f"{kind}.made" for kind in get_args(ChangeKind)},
        "{change.kind}.removed": {f"{kind}.removed" for kind in get_args(ChangeKind)},
        "watch.{found.kind}": {f"watch.{kind}" for kind in get_args(FindingKind)},
    }
    assert text in families, f"say in this test which kinds {text!r} stands for"
    return families[text]


def test_every_kind_of_entry_is_documented_and_no_other() -> None:
    kinds = {kind for family in KINDS.values() for kind in family}
    written = {"<command>.ignored" if kind == "escalate.ignored" else kind for kind in _written_kinds()}
    assert written - kinds == set(), "not in docs/meanings.py"
    assert kinds - written == set(), "no code writes these"
    assert "notice" in get_args(Purpose)


def test_everything_that_a_verification_finds_is_documented_and_nothing_else() -> None:
    assert set(FINDINGS) == set(get_args(audit.FindingKind))


def _variables_in_code() -> set[str]:
    found: set[str] = set()
    files = [*sources(*FLOORS), ROOT / "docker-compose.yml", ROOT / "Dockerfile", ROOT / ".env.example"]
    files += [path for path in (ROOT / "deploy").iterdir() if path.is_file()]
    for path in files:
        found |= set(re.findall(r"\b(?:ESCALADE|TEMPORAL|POSTGRES|JOURNAL_DB)_[A-Z][A-Z_]*[A-Z]\b", path.read_text()))
    return found | {"NO_COLOR"}


INSIDE = {
    # Variables of images and jobs that the compose file sets itself.
    *(
        "POSTGRES_SEEDS",
        "POSTGRES_USER",
        "POSTGRES_PWD",
        "POSTGRES_DB",
        "POSTGRES_PASSWORD",
        "TEMPORAL_DEFAULT_NAMESPACE",
    ),
    # What click reads to print a completion script.
    "ESCALADE_COMPLETE",
}


def test_every_environment_variable_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page("environment.md"), re.MULTILINE))
    known = {*_NAMES.values(), *(v.name for v in (*VARIABLES, *TEMPORAL, *COMPOSE))}
    assert documented == known
    in_code = _variables_in_code() - INSIDE
    assert in_code - documented == set()
    tls = {v.name for v in TEMPORAL if "_TLS_" in v.name}  # read by Temporal's SDK alone
    assert documented - in_code - tls == set()


def test_every_metric_is_documented_and_no_other() -> None:
    documented = {metric.name for metric in METRICS}
    assert documented == {LATENESS, DELIVERIES, ACKNOWLEDGE_LATENCY}
    made = set()
    for path in sources(*FLOORS):
        made |= set(re.findall(r'^\w+: Final = "(escalade_[a-z_]+)"$', path.read_text(), re.MULTILINE))
    assert documented == {
        name
        for name in made
        if name not in ("escalade_state", "escalade_next", "escalade_version", "escalade_immediate")
    }


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", page("exit-codes.md"), re.MULTILINE)}
    assert documented == {int(code) for code in ExitCode}


def test_every_command_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^## `(.+)`$", page("cli.md"), re.MULTILINE))
    assert documented == {path for path, _, _ in generate.every_command()}
    assert {name.removesuffix(" --dry-run") for name in DOCUMENTS} <= {p.removeprefix("escalade ") for p in documented}


def test_every_signal_and_update_is_documented_with_its_fields() -> None:
    text = (ROOT / "docs/how-to/from-other-systems.md").read_text().partition("<!-- commands -->")[2]
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", text, re.MULTILINE))
    assert rows.keys() == COMMANDS.keys()
    common = set(COMMANDS["acknowledge"].model_fields)
    for name, said in rows.items():
        own = {info.alias or field for field, info in COMMANDS[name].model_fields.items() if field not in common}
        assert own == set(re.findall(r"`(\w+)`", said)) & own, name
    for field in common:
        assert f"`{field}`" in text


def test_every_decision_that_code_cites_is_explained() -> None:
    cited: set[int] = set()
    for path in sources(*FLOORS):
        for found in re.findall(r"decisions? ((?:\d+(?:, | and |–)?)+)", path.read_text()):
            cited |= {int(number) for number in re.findall(r"\d+", found)}
    explained: set[int] = set()
    for path in (ROOT / "docs").rglob("*.md"):
        for found in re.findall(r"\(((?:\d+(?:, )?)+)\)", path.read_text()):
            explained |= {int(number) for number in re.findall(r"\d+", found)}
    assert cited - explained == set()


def test_every_adr_is_listed_and_has_its_three_parts() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text()
    adrs: list[Path] = sorted((ROOT / "docs/adr").glob("0*.md"))
    assert [int(adr.name[:4]) for adr in adrs] == list(range(1, len(adrs) + 1))
    for adr in adrs:
        text = adr.read_text()
        assert text.splitlines()[0].removeprefix(f"# {adr.name[:4]}: ") in listed
        assert [part for part in ("**Context.**", "**Decision.**", "**Consequences.**") if part not in text] == []


def test_every_search_attribute_is_documented_where_it_has_to_be_registered() -> None:
    text = (ROOT / "docs/how-to/from-one-machine-to-a-cluster.md").read_text()
    assert set(re.findall(r"`(Ticket[A-Z]\w+)`", text)) == set(CLI_NAMES)
    assert all(kind in text for kind in CLI_NAMES.values())
