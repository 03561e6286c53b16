"""The house stands: arrows point downward, the ground is pure, modules are small and well named.

Each rule is followed by proof that the reader of the rule sees it broken.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from tests import house

MOST_LINES = 400
PROGRAMS = (*house.FLOORS, "benchmarks", "docs", "tools")
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}
# Directories whose Python files are loaded by path or copied as they are: they are data, not packages.
DATA_DIRECTORIES = ("store/migrations", "activities/templates", "cli/examples")


def listing(violations: list[house.Violation]) -> str:
    return "\n".join(map(str, violations))


def test_arrows_point_downward() -> None:
    violations = [
        violation
        for path in house.sources(*house.FLOORS)
        for violation in house.floor_violations(
            path.read_text(), house.module_name(path), is_package=path.name == "__init__.py"
        )
    ]
    assert not violations, listing(violations)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        # above
        ("escalade.engine.ladder", "import store"),
        ("escalade.engine.ladder", "def late():\n    from cli.main import main"),
        ("store.journal", "from activities import page"),
        ("configuration.load", "import workflows.ticket as ticket"),
        ("activities.page", "from workflows.ticket import TicketWorkflow"),
        ("activities.page", "from worker.settings import Settings"),
        ("workflows.ticket", "from worker import plugin"),
        ("worker.main", "from gateway import http"),
        ("worker.main", "import cli"),
        ("gateway.http", "import cli.main"),
        ("worker.main", "if TYPE_CHECKING:\n    from cli import main"),
        ("worker.main", "import importlib\nimportlib.import_module('cli.main')"),
        ("worker.main", "__import__('cli')"),
        # beside, on floor 2
        ("store.journal", "from configuration.load import load"),
        ("configuration.load", "import store.tables"),
        # the exceptions
        ("workflows.ticket", "import activities"),
        ("workflows.ticket", "from activities import page"),
        ("workflows.ticket", "from activities.channels.smtp import Smtp"),
        ("workflows.ticket", "from activities.contracts_of_old import page"),
        ("workflows.ticket", "from store.journal import Journal"),
        ("workflows.steps.notify", "import configuration"),
        # what the ground knows
        ("escalade.ticket", "import temporalio"),
        ("escalade.ticket", "from httpx import get"),
        ("escalade.ticket", "import rich.console"),
        ("escalade.ticket", "import random"),
        ("escalade.ticket", "from secrets import token_hex"),
        ("escalade.ticket", "import socket"),
        ("escalade.ticket", "from urllib import request"),
        ("escalade.ticket", "import holidays"),
        ("escalade.time.calendar", "def days():\n    import holidays"),
        # what stands beside the house
        ("escalade.testing", "from tests.builders import ticket"),
        ("cli.demo", "import benchmarks.run"),
        ("cli.init", "import examples"),
        ("worker.main", "from docs import generate"),
        # relative imports lead there too
        ("store.journal", "from ..cli import main"),
    ],
)
def test_a_wrong_arrow_is_seen(module: str, source: str) -> None:
    assert len(house.floor_violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cli.main", "import gateway, worker, workflows, activities, store, configuration, escalade"),
        ("activities.page", "from store.journal import Journal\nfrom configuration.load import load"),
        ("workflows.ticket", "from activities.contracts import page\nfrom escalade.engine import decide"),
        ("workflows.ticket", "from activities import contracts\nimport activities.contracts"),
        ("workflows.ticket", "from . import steps\nfrom .steps import notify"),
        ("escalade.ticket", "import json, zoneinfo\nfrom urllib.parse import quote\nimport pydantic"),
        (
            "escalade.time.calendars",
            "from dateutil.rrule import rrule\nfrom escalade import errors",
        ),
        ("escalade.time.public_holidays", "def days():\n    import holidays"),
        ("store.journal", "import sqlalchemy\nfrom store.tables import entries"),
    ],
)
def test_an_arrow_downward_is_let_be(module: str, source: str) -> None:
    assert house.floor_violations(source, module) == []


@pytest.mark.parametrize(("module", "libraries"), house.GROUND_EXCEPTIONS.items(), ids=list(house.GROUND_EXCEPTIONS))
def test_a_library_of_one_module_is_loaded_only_when_it_is_asked(module: str, libraries: frozenset[str]) -> None:
    source = (house.ROOT / f"{module.replace('.', '/')}.py").read_text()
    assert libraries <= {name for _, name in house.imports(ast.parse(source), package="")}
    assert not libraries & house.loaded_at_once(source)
    assert house.loaded_at_once("import holidays.countries\ndef late(): import json") == {"holidays"}


def test_the_ground_knows_no_clock_file_environment_or_chance() -> None:
    violations = [
        violation
        for path in house.sources("escalade")
        for violation in house.purity_violations(path.read_text(), house.module_name(path))
    ]
    assert not violations, listing(violations)


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nnow = datetime.now",
        "from datetime import datetime as dt, UTC\ndt.now(UTC)",
        "import datetime\ndatetime.datetime.utcnow()",
        "import datetime as d\nd.date.today()",
        "from datetime import date\ndate.today()",
        "from datetime import datetime\ndatetime.today()",
        "import time\ntime.time()",
        "from time import time as clock",
        "import time as t\nt.monotonic()",
        "import os\nos.environ['HOME']",
        "from os import environ",
        "import os\nos.getenv('HOME')",
        "open('policy.yaml')",
        "from pathlib import Path\nPath('policy.yaml').read_text()",
        "import uuid\nField(default_factory=uuid.uuid4)",
        "from uuid import uuid4",
        "from time import *",
    ],
)
def test_impurity_is_seen(source: str) -> None:
    assert house.purity_violations(source, "escalade.ticket")


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
        "def decide(now: datetime) -> None:\n    later = now + state.now\n    ladder.open(now)",
        "import uuid\nuuid.uuid5(uuid.NAMESPACE_URL, key)",
        "import os\nos.path.join('a', 'b')",
    ],
)
def test_purity_is_let_be(source: str) -> None:
    assert house.purity_violations(source, "escalade.ticket") == []


def too_long(source: str) -> bool:
    return len(source.splitlines()) > MOST_LINES


def test_a_module_that_reaches_four_hundred_lines_splits() -> None:
    long = [
        f"{path}: {len(path.read_text().splitlines())} lines"
        for path in house.sources(*PROGRAMS)
        if too_long(path.read_text())
    ]
    assert not long, "\n".join(long)
    assert too_long("pass\n" * 401)
    assert not too_long("pass\n" * 400)


def lacks_future_annotations(source: str) -> bool:
    """Whether a module that says anything at all lacks the import; an empty ``__init__`` needs none."""
    body = ast.parse(source).body
    return bool(body) and not any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in body
    )


def test_every_module_postpones_annotations() -> None:
    lacking = [str(path) for path in house.sources(*PROGRAMS, "tests") if lacks_future_annotations(path.read_text())]
    assert not lacking, "\n".join(lacking)
    assert lacks_future_annotations('"""A docstring alone."""\n')
    assert not lacks_future_annotations("from __future__ import annotations\n")
    assert not lacks_future_annotations("")


def test_modules_are_named_for_what_they_hold() -> None:
    vague = [str(path) for path in house.sources(*PROGRAMS, "tests") if VAGUE_NAMES & {path.stem, path.parent.name}]
    assert not vague, "\n".join(vague)


def included_packages() -> list[str]:
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())
    return project["tool"]["setuptools"]["packages"]["find"]["include"]  # type: ignore[no-any-return]


def test_the_wheel_names_the_house_and_nothing_beside_it() -> None:
    present = {floor for floor in house.FLOORS if list(house.sources(floor))}
    included = included_packages()
    assert present <= set(included)
    assert {f"{floor}.*" for floor in present} <= set(included)
    assert {name.partition(".")[0] for name in included} <= set(house.FLOORS)


def test_every_directory_of_code_is_a_package_so_that_the_wheel_carries_it() -> None:
    directories = {path.parent for path in house.sources(*house.FLOORS)}
    missing = [
        str(directory)
        for directory in sorted(directories)
        if not (directory / "__init__.py").exists() and not is_data(directory)
    ]
    assert not missing, "\n".join(missing)


def is_data(directory: Path) -> bool:
    relative = directory.relative_to(house.ROOT)
    return any(relative.is_relative_to(data) for data in DATA_DIRECTORIES)


def test_no_top_level_package_stands_outside_the_plan() -> None:
    packages = {path.parent.name for path in house.ROOT.glob("*/__init__.py")}
    assert packages <= {*house.FLOORS, *house.BESIDE}
