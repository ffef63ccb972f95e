"""Blocks that a page only shows are right too: they parse as what they say they are."""

import json
import subprocess
import tomllib
from pathlib import Path

import psycopg
import pytest
import yaml

from objectry.metadata.loader import KINDS, load_documents
from objectry.metadata.loader.templates import NO_TEMPLATE
from tests.docs.pages import Block, blocks

ROOT = Path(__file__).parents[2]
BLOCKS = {
    f"{page.relative_to(ROOT)}:{block.start}": block
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if page.name != "findings.md"  # its wrong and right examples are tested with their codes
    for block in blocks(page.read_text())
}
LANGUAGES = {"bash", "console", "json", "python", "sql", "text", "toml", "yaml", "mermaid"}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_block_is_of_a_language_that_is_checked(block: Block) -> None:
    assert block.language in LANGUAGES


def of(language: str) -> pytest.MarkDecorator:
    chosen = {place: block for place, block in BLOCKS.items() if block.language == language}
    return pytest.mark.parametrize("block", chosen.values(), ids=chosen)


@of("json")
def test_json_is_json(block: Block) -> None:
    json.loads("\n".join(block.lines))


@of("toml")
def test_toml_is_toml(block: Block) -> None:
    tomllib.loads("\n".join(block.lines))


@of("bash")
def test_bash_is_bash(block: Block) -> None:
    done = subprocess.run(
        ["bash", "-n", "-c", "\n".join(block.lines)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@of("sql")
def test_sql_is_sql(block: Block, server_dsn: str) -> None:
    """PL/pgSQL parses what it never comes to."""
    body = "begin return; " + "\n".join(block.lines) + " end"
    with psycopg.connect(server_dsn) as connection:
        connection.execute(f"do $shown$ {body} $shown$".encode())


@of("yaml")
def test_yaml_is_a_definition_or_a_part_of_one(block: Block) -> None:
    """A whole definition has no mistake of form; other objects and files may be missing."""
    text = "\n".join(block.lines)
    assert list(yaml.safe_load_all(text))
    if text.lstrip().split(":")[0] not in KINDS:
        return
    found = load_documents({"objects/shown.yaml": text}).findings
    assert [finding for finding in found if finding.code != NO_TEMPLATE] == []
