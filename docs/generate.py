"""Writes the generated reference (`docs/reference/*.md`) from the code, so that it cannot say anything else.

`python docs/generate.py` writes, `--check` says what is stale and exits with 1. To add a page, write a function
that returns its text and name it in `PAGES`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from cli.exits import MEANINGS
from cli.main import root
from cli.render.documents import DOCUMENTS
from configuration import schemas
from configuration.schema import _attribute_docs
from docs.meanings import COMPOSE, FINDINGS, KINDS, METRICS, TEMPORAL, VARIABLES, Variable
from worker.registry import extensions
from worker.settings import _NAMES, Settings

REFERENCE = Path(__file__).resolve().parent / "reference"
CLI_RULES = """\
Output is a table for people; in a pipe it is plain text without colours, and `NO_COLOR` turns them off on a terminal
too. With `--output json` a command writes one JSON document to standard output; its keys are listed here and only ever
grow. Errors go to standard error: one sentence, and below it how to mend it. [Exit codes](exit-codes.md) are stable.
"""
CONFIGURATION_RULES = """\
Every key that may be written, from the same models that check it; an unknown key is an error. `escalade schema` writes
these as JSON Schemas, so that editors complete and check while you type. Durations are written `90s`, `5m`, `1h30m`,
`2d` or `PT15M`. An edit is in force once a worker has
[read it](../how-to/change-the-configuration.md).
"""
JOURNAL_RULES = """\
Every entry has an instant, an actor, a kind, *what* happened and *why*. `data` holds the same for programs; an entry of
a ticket always has `rung` and `tier` there. Kinds are stable: they are added, never renamed. `escalade journal show KEY
--kind tier` shows one family.

Streams: `ticket/<key>` for each ticket, `pages` for contact tests, `operations` for what the watch found and what was
done to the journal itself, and `configuration` and `roster`.
"""
TEMPORAL_RULES = """\
How Temporal is reached is Temporal's own configuration: the `temporal` program and every SDK read the same variables.
`escalade up` leaves them out: its worker uses its own server.
"""
NOTICE = "<!-- Written by docs/generate.py: change the code, then run `make docs`. -->\n"


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command below a group, depth first, in the order of the help."""
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            inner = click.Context(found, info_name=name, parent=context, **found.context_settings)
            yield from commands(found, inner)


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command of `escalade`, with the name a person types."""
    # The width is the house's, whatever the terminal of whoever generates.
    settings: dict[str, Any] = {**root.context_settings, "terminal_width": 80}
    yield from commands(root, click.Context(root, info_name="escalade", **settings))


def help_of(command: click.Command, context: click.Context) -> str:
    """What `--help` prints in 80 columns."""
    context.terminal_width = 80
    return command.get_help(context)


def cli_page() -> str:
    """The help of every command, and the JSON it writes."""
    parts = [
        "# The command line\n",
        "Every command has `--help`; this page is their sum. `escalade completion SHELL` prints a completion script.\n",
        CLI_RULES,
    ]
    for path, command, context in every_command():
        parts.append(f"## `{path}`\n\n```text\n{help_of(command, context)}\n```\n")
        name = path.removeprefix("escalade ")
        for document in (name, f"{name} --dry-run"):
            if document in DOCUMENTS:
                keys = "\n".join(f"- `{key}`: {text}" for key, text in DOCUMENTS[document].items())
                title = "JSON" if document == name else f"JSON of `{document}`"
                parts.append(f"{title}:\n\n{keys}\n")
    return "\n".join(parts)


def exit_codes_page() -> str:
    """The exit codes."""
    rows = "\n".join(f"| {code.value} | {meaning} | {mend} |" for code, (meaning, mend) in MEANINGS.items())
    return (
        "# Exit codes\n\n"
        "What `escalade` exits with. The numbers never change meaning; a script may rely on them.\n\n"
        f"| code | meaning | what to do |\n|---|---|---|\n{rows}\n"
    )


def configuration_page() -> str:
    """Every key of every configuration file."""
    found = extensions()
    parts = [
        "# The configuration files\n",
        CONFIGURATION_RULES,
    ]
    files = {
        "escalade": "escalade.yaml",
        "people": "people.yaml",
        "policy": "policies/*.yaml",
        "schedule": "schedules/*.yaml",
        "calendar": "calendars/*.yaml",
        "maintenance": "maintenance.yaml",
        "mapping": "a mapping file (`escalade ticket open --mapping`)",
    }
    for name, schema in schemas(found.channels, found.steps).items():
        title = files[name.removesuffix(".schema.json")]
        parts.append(f"## {title if title.startswith('a ') else f'`{title}`'}\n")
        parts += _objects(schema)
    return "\n".join(parts)


def _objects(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("description"):
        yield f"{_text(schema['description'])}\n"
    yield _table(schema)
    for name, inner in schema.get("$defs", {}).items():
        if inner.get("properties"):
            yield f"### {name}\n"
            if inner.get("description"):
                yield f"{_text(inner['description'])}\n"
            yield _table(inner)
            yield from _choices(inner)


def _choices(schema: dict[str, Any]) -> Iterator[str]:
    """What each kind of channel, or each step, may be given."""
    for choice in schema.get("allOf", []):
        use, part = choice["if"]["properties"]["use"]["const"], choice["then"]
        settings = part["properties"].get("with", part)
        if about := _text(settings.get("description", "")):
            yield f"`use: {use}`. {about}\n"
        yield _table({**settings, "properties": {k: v for k, v in settings["properties"].items() if k != "use"}})


def _table(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = ["| key | value | meaning |", "|---|---|---|"]
    for key, value in schema.get("properties", {}).items():
        must = " (required)" if key in required else ""
        rows.append(f"| `{key}`{must} | {_kind(value)} | {_text(value.get('description', ''))} |")
    return "\n".join(rows) + "\n"


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _kind(value: Any) -> str:
    """A type in words, with its default."""
    kind = _type(value) if isinstance(value, dict) else "anything"
    default = value.get("default") if isinstance(value, dict) else None
    shown = f", default `{default}`" if default not in (None, "", [], {}) else ""
    return f"{kind}{shown}".replace("|", "\\|")


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return str(value["$ref"]).rsplit("/", 1)[-1]
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return " or ".join(f"`{item}`" for item in value["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in value:
            kinds = [_type(item) for item in value[several] if item.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    match value.get("type"):
        case "array":
            return f"list of {_type(value.get('items', {}))}"
        case "object":
            inner = value.get("additionalProperties")
            return f"map to {_type(inner)}" if isinstance(inner, dict) else "map"
        case "string":
            return {"date": "date", "time": "time of day", "date-time": "instant"}.get(value.get("format", ""), "text")
        case None:
            return "anything"
        case other:
            return str(other)


def journal_page() -> str:
    """Every kind of journal entry."""
    parts = [
        "# Journal entries\n",
        JOURNAL_RULES,
    ]
    for title, kinds in KINDS.items():
        rows = "\n".join(f"| `{kind}` | {_text(meaning)} |" for kind, meaning in kinds.items())
        parts.append(f"## {title}\n\n| kind | says |\n|---|---|\n{rows}\n")
    rows = "\n".join(f"| `{kind}` | {_text(meaning)} |" for kind, meaning in FINDINGS.items())
    parts.append(f"## What `escalade journal verify` finds\n\n| finding | says |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def environment_page() -> str:
    """Every environment variable."""
    described = _attribute_docs(Settings)
    own = []
    for field, name in _NAMES.items():
        default = Settings.model_fields[field].default
        text = _text(described[field]).replace(f" (`{name}`)", "")
        own.append(Variable(name, text, f"`{default}`" if default not in (None, "") else ""))
    return "\n".join(
        [
            "# Environment variables\n",
            "An empty value counts as not given. A wrong one is an error that names the variable.\n",
            "## Escalade\n",
            _variables([*own, *VARIABLES]),
            "Secrets have names of your own: whatever the configuration refers to as `${NAME}`.\n",
            "## Temporal\n",
            TEMPORAL_RULES,
            _variables(TEMPORAL),
            "## `docker-compose.yml`\n",
            "Written in `.env`; see `.env.example`.\n",
            _variables(COMPOSE),
        ]
    )


def _variables(variables: Iterable[Any]) -> str:
    rows = "\n".join(f"| `{v.name}` | {_text(v.meaning)} | {v.default} |" for v in variables)
    return f"| variable | meaning | default |\n|---|---|---|\n{rows}\n"


def metrics_page() -> str:
    """What a worker measures."""
    rows = "\n".join(f"| `{m.name}` | {m.kind} | {m.labels} | {_text(m.meaning)} |" for m in METRICS)
    return (
        "# Metrics\n\n"
        "With `ESCALADE_METRICS` set, a worker serves `/metrics` for Prometheus there. Histograms in seconds end in "
        "`_seconds_bucket`, `_seconds_sum` and `_seconds_count`, counters in `_total`. "
        "[How to monitor it](../how-to/monitor.md) says which to watch.\n\n"
        f"| metric | kind | labels | meaning |\n|---|---|---|---|\n{rows}\n\n"
        "Temporal's SDK serves its own figures at the same place; they begin with `temporal_`.\n"
    )


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "environment.md": environment_page,
    "exit-codes.md": exit_codes_page,
    "journal.md": journal_page,
    "metrics.md": metrics_page,
}
"""Each page and what writes it."""


def generate() -> dict[str, str]:
    """Every page's text by its file name."""
    return {name: f"{NOTICE}\n{page().rstrip()}\n" for name, page in PAGES.items()}


def stale(directory: Path = REFERENCE) -> list[str]:
    """The pages that are missing or say something else than the code."""
    made = generate()
    return [name for name, text in made.items() if _read(directory / name) != text]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def main(arguments: list[str]) -> int:
    """Write or check."""
    if arguments == ["--check"]:
        old = stale()
        for name in old:
            print(f"docs/reference/{name} is stale: run `make docs`.", file=sys.stderr)
        return 1 if old else 0
    if arguments:
        print("usage: python docs/generate.py [--check]", file=sys.stderr)
        return 2
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in generate().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
