"""The shape of the tree: rules that can be checked are tests, not paragraphs."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for root in ("platform", "runtime", "plugins") for path in (ROOT / root).rglob("*.py")
)
names = [str(path.relative_to(ROOT)) for path in SOURCES]
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "tools"}


@cache
def text_of(path: Path) -> str:
    return path.read_text()


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text_of(path))))


@pytest.mark.parametrize("root", ["platform", "runtime", "plugins", "tests"])
def test_a_source_root_is_no_package(root: str) -> None:
    """An __init__.py there would hide the standard library's `platform`."""
    assert not (ROOT / root / "__init__.py").exists()


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_a_module_stays_small(path: Path) -> None:
    assert len(text_of(path).splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_a_module_is_named_for_what_it_holds(path: Path) -> None:
    assert not VAGUE & set(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_a_module_says_what_lives_in_it(path: Path) -> None:
    module = nodes_of(path)[0]
    assert isinstance(module, ast.Module)
    assert ast.get_docstring(module)


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_nothing_is_evaluated_and_nothing_left_open(path: Path) -> None:
    """No eval or exec of text, no marker of unfinished work, no bare ignore."""
    text = text_of(path)
    calls = {
        node.func.id
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"eval", "exec"}
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert not re.search(r"#\s*(type: ignore|noqa|pyright: ignore)\s*$", text, re.M)
    assert "NotImplementedError" not in text


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_money_never_meets_a_float(path: Path) -> None:
    """`float(...)` and float literals have no business outside clocks, time-outs and settings."""
    clocks = {"store", "api", "services", "cli", "publishing", "peers", "identity"}
    if set(path.parts) & clocks:
        return
    for node in nodes_of(path):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.lineno
        assert not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "float"
        ), node.lineno


def test_only_the_store_opens_connections() -> None:
    """Others are handed one."""
    opening = re.compile(r"\b(psycopg|Connection)\.connect\(|ConnectionPool\(|create_engine\(")
    rooms = {
        path.relative_to(ROOT / "runtime/objectry_runtime").parts[0]
        for path in (ROOT / "runtime").rglob("*.py")
        if opening.search(path.read_text())
    }
    assert rooms == {"store"}


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_a_field_type_is_asked_not_named(path: Path) -> None:
    """What a type means stands in its class (metadata/types), nowhere else."""
    text = text_of(path)
    assert not re.search(r"\btype\.name (==|!=|in|not in) ", text)
    assert not re.search(r"match [\w.]*\btype\.name\b", text)


@pytest.mark.parametrize("command", ["test", "serve"])
def test_ci_runs_the_commands_of_the_readme(command: str) -> None:
    assert (ROOT / "README.md").read_text().count(f"<!-- command: {command} -->") == 1
    assert f"readme {command}" in (ROOT / ".ci/run").read_text()


def test_every_room_is_in_an_import_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = {
        name.strip()
        for contract in settings["tool"]["importlinter"]["contracts"]
        for layer in contract.get("layers", [])
        for name in layer.split("|")
    }
    rooms = {
        path.name
        for root in ("platform/objectry", "runtime/objectry_runtime")
        for path in (ROOT / root).iterdir()
        if (path / "__init__.py").exists()
    }
    assert rooms <= layers
