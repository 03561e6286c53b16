"""Whatever is in the files: it loads, or it is told; never anything else."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from configuration import load_mapping, schemas
from configuration.document import read_document
from escalade.errors import ConfigurationError
from tests.configuration.making import CHANNELS, EXAMPLES, GOOD, STEPS, loaded, look, write

MAPPING = (EXAMPLES / "tickets" / "servicenow.mapping.yaml").read_text(encoding="utf-8")

FEW = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
NASTY = st.sampled_from(
    ["", "~", "${A}", "${MAIL_PASSWORD}", "${", "never", "2bd", "P1D", "person:", "person:ana", "channel:x", "yes", "0"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=12)
    | NASTY
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def plain(text: str) -> Any:
    document, _ = read_document("x.yaml", text.encode())
    assert document is not None
    return document.data


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path of a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, item in entries for below in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with something else at a path."""
    if not path:
        return new
    if isinstance(value, dict):
        return {key: replaced(item, path[1:], new) if key == path[0] else item for key, item in value.items()}
    return [replaced(item, path[1:], new) if n == path[0] else item for n, item in enumerate(value)]


def dumped(value: Any) -> bytes:
    stream = io.BytesIO()
    YAML(typ="safe", pure=True).dump(value, stream)
    return stream.getvalue()


def loads_or_tells(directory: Path) -> None:
    problems = look(directory)
    errors = [problem for problem in problems if problem.level == "error"]
    for problem in problems:
        assert problem.found
        assert "Traceback" not in str(problem)
    if errors:
        with pytest.raises(ConfigurationError) as caught:
            loaded(directory)
        assert caught.value.problems == errors
    else:
        assert loaded(directory).warnings == tuple(problems)


@FEW
@given(file=st.sampled_from(sorted(GOOD)), content=st.binary(max_size=300))
@example(file="escalade.yaml", content=b"\xff\xfe\x00a")
@example(file="people.yaml", content=b"%YAML 9.9\n---\na: 1")
def test_any_bytes_in_a_file_load_or_are_told(file: str, content: bytes, tmp_path: Path) -> None:
    loads_or_tells(write(tmp_path, {**GOOD, file: content}))


@FEW
@given(file=st.sampled_from(sorted(GOOD)), text=st.text(alphabet="ab:-&*{}[],'\"|>!%@#?\n \t0<~$", max_size=60))
def test_any_text_of_yaml_signs_loads_or_is_told(file: str, text: str, tmp_path: Path) -> None:
    loads_or_tells(write(tmp_path, {**GOOD, file: text}))


@settings(FEW, max_examples=80)
@given(data=st.data())
def test_anything_anywhere_loads_or_is_told(data: st.DataObject, tmp_path: Path) -> None:
    file = data.draw(st.sampled_from(sorted(GOOD)))
    value = plain(GOOD[file])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(value)))
        value = replaced(value, path, data.draw(VALUES))
    loads_or_tells(write(tmp_path, {**GOOD, file: dumped(value)}))


@FEW
@given(file=st.sampled_from(sorted(GOOD)), cut=st.integers(0, 400), length=st.integers(1, 40), put=st.text(max_size=5))
def test_a_file_with_a_piece_torn_out_loads_or_is_told(
    file: str, cut: int, length: int, put: str, tmp_path: Path
) -> None:
    text = GOOD[file]
    torn = text[: cut % len(text)] + put + text[cut % len(text) + length :]
    loads_or_tells(write(tmp_path, {**GOOD, file: torn.encode("utf-8", "surrogatepass")}))


@settings(FEW, max_examples=60)
@given(data=st.data())
def test_any_mapping_file_loads_or_is_told(data: st.DataObject, tmp_path: Path) -> None:
    value = plain(MAPPING)
    path = data.draw(st.sampled_from(places(value)))
    write(tmp_path, {"m.yaml": dumped(replaced(value, path, data.draw(VALUES)))})
    with contextlib.suppress(ConfigurationError):
        assert load_mapping(tmp_path / "m.yaml").wanted()


def test_schemas_are_made_without_any_extension() -> None:
    assert set(schemas({}, {})) == set(schemas(CHANNELS, STEPS))
