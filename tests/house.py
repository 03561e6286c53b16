"""Reads the house's sources and says where they break its rules.

The rules are those of the floors: arrows point downward only, and the ground knows no clock, no chance and
nothing outside itself. Sources are parsed, never imported, so an import inside a function or under
``TYPE_CHECKING`` counts as much as one at the top.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    "cli": 7,
    "gateway": 6,
    "worker": 5,
    "workflows": 4,
    "activities": 3,
    "store": 2,
    "configuration": 2,
    "escalade": 1,
}
"""Each top-level package and its floor; a floor imports what is below it and nothing above or beside it."""

BESIDE = ("tests", "benchmarks", "examples", "docs", "tools")
"""What stands beside the house: it may look in, nothing looks out at it."""

STUBS = "activities.contracts"
"""The one room of ``activities`` that ``workflows`` may enter: typed stubs, never an implementation."""

HIDDEN_FROM_WORKFLOWS = ("store", "configuration")

# pydantic_core is pydantic's own other half: its custom errors are published only there.
GROUND_LIBRARIES = frozenset({"pydantic", "pydantic_core", "dateutil"})

GROUND_EXCEPTIONS = {"escalade.time.public_holidays": frozenset({"holidays"})}
"""Libraries that one module of the ground knows, and imports only when asked: never in a workflow."""

IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "http.client",
        "http.server",
        "multiprocessing",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "urllib.request",
    }
)
"""Modules of the standard library that the ground has no use for: they are I/O, chance or threads."""

IMPURE_NAMES = frozenset(
    {
        "builtins.input",
        "builtins.open",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "io.open",
        "os.environ",
        "os.environb",
        "os.getenv",
        "os.getenvb",
        "os.open",
        "os.putenv",
        "os.urandom",
        "time.gmtime",
        "time.localtime",
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.sleep",
        "time.time",
        "time.time_ns",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)

IMPURE_METHODS = frozenset({"read_bytes", "read_text", "utcnow", "write_bytes", "write_text"})
"""Attributes that are I/O or a clock on whatever object they are asked of."""


@dataclass(frozen=True, order=True, kw_only=True)
class Violation:
    """One broken rule: where, and what is wrong."""

    where: str
    line: int
    what: str

    def __str__(self) -> str:
        """As an editor jumps to it."""
        return f"{self.where}:{self.line}: {self.what}"


def sources(*tops: str) -> Iterator[Path]:
    """Every Python file under these top-level directories that exists; symbolic links are not followed."""
    for top in tops:
        yield from sorted((ROOT / top).rglob("*.py"))


def module_name(path: Path) -> str:
    """The dotted name by which the file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, *, package: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported, down to the name taken from a module.

    ``package`` is where a relative import starts. ``importlib.import_module("x")`` and ``__import__("x")``
    count when the name is written out.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, *([base] if base else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0]
            if called in {"import_module", "__import__"} and isinstance(name, ast.Constant):
                yield node.lineno, str(name.value)


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def package_of(module: str, *, is_package: bool) -> str:
    """The package from which a module's relative imports start."""
    return module if is_package else module.rpartition(".")[0]


def floor_violations(source: str, module: str, *, is_package: bool = False) -> list[Violation]:
    """Where a module of the house imports what its floor may not."""
    here = module.partition(".")[0]
    found = set()
    for line, name in imports(ast.parse(source), package=package_of(module, is_package=is_package)):
        what = forbidden_import(here, name, module=module)
        if what:
            found.add(Violation(where=module, line=line, what=what))
    return sorted(found)


def forbidden_import(here: str, name: str, *, module: str = "") -> str | None:
    """Why the top-level package ``here`` may not import ``name``; None if it may."""
    there = name.partition(".")[0]
    if there in BESIDE:
        return f"imports {name}: nothing in the house imports {there}/"
    if here == "escalade" and there != "escalade":
        return forbidden_on_the_ground(name, allowed=GROUND_EXCEPTIONS.get(module, frozenset()))
    if there not in FLOORS or there == here:
        return None
    if FLOORS[there] >= FLOORS[here]:
        side = "beside" if FLOORS[there] == FLOORS[here] else "above"
        return f"imports {name}: {there}/ is {side} {here}/"
    if here == "workflows" and there in HIDDEN_FROM_WORKFLOWS:
        return f"imports {name}: workflows/ never imports {there}/"
    if here == "workflows" and there == "activities" and not within(name, STUBS):
        return f"imports {name}: workflows/ imports only {STUBS} of activities/"
    return None


def forbidden_on_the_ground(name: str, *, allowed: frozenset[str] = frozenset()) -> str | None:
    """Why ``escalade/`` may not import ``name``, which is not its own; None if it may."""
    there = name.partition(".")[0]
    if there in FLOORS:
        return f"imports {name}: {there}/ is above escalade/"
    if within(name, *IMPURE_MODULES):
        return f"imports {name}: escalade/ knows no I/O, no chance and no threads"
    if there not in sys.stdlib_module_names and there not in GROUND_LIBRARIES | allowed:
        return f"imports {name}: escalade/ knows the standard library, pydantic and dateutil only"
    return None


def loaded_at_once(source: str) -> set[str]:
    """The top-level packages that a module imports when it is imported itself, not in a function."""
    body = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {name.partition(".")[0] for node in body for _, name in imports(node, package="")}


def bindings(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for, as a dotted name, and the builtins of interest."""
    bound = {name: f"builtins.{name}" for name in ("open", "input")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bound


def dotted(node: ast.AST, bound: dict[str, str]) -> str | None:
    """The dotted name that an expression reads, through the file's own aliases; None if it is none."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if isinstance(node, ast.Attribute):
        base = dotted(node.value, bound)
        return f"{base}.{node.attr}" if base else None
    return None


def purity_violations(source: str, module: str) -> list[Violation]:
    """Where a module of the ground reaches for a clock, the environment, a file or chance.

    Reading the name is enough: ``default_factory=uuid4`` calls nothing here and is as impure as ``uuid4()``.
    """
    tree = ast.parse(source)
    bound = bindings(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*" or f"{node.module}.{alias.name}" in IMPURE_NAMES:
                    what = f"takes {node.module}.{alias.name}"
                    found.add(Violation(where=module, line=node.lineno, what=what))
        elif isinstance(node, ast.Name | ast.Attribute):
            name = dotted(node, bound)
            if name in IMPURE_NAMES:
                found.add(Violation(where=module, line=node.lineno, what=f"uses {name}"))
            elif isinstance(node, ast.Attribute) and node.attr in IMPURE_METHODS:
                found.add(Violation(where=module, line=node.lineno, what=f"uses .{node.attr}"))
    return sorted(found)
