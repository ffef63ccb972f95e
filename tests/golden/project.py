"""The reference project of the golden files: a customer, an offer and its lines."""

import os
from pathlib import Path

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Table, UniqueConstraint

from objectry.compiler.tables import compile_tables
from objectry.metadata.loader import load_documents
from objectry.planner import LiveColumn, LiveConstraint, LiveIndex, LiveSchema, LiveTable
from objectry.planner.ddl import column_type
from objectry.registry import Release, StorageMap, make_release

HERE = Path(__file__).parent


def reference_release(replace: dict[str, str] | None = None) -> Release:
    """The project's release, with some texts of its YAML replaced."""
    files = {path.name: path.read_text() for path in sorted((HERE / "reference").glob("*.yaml"))}
    for old, new in (replace or {}).items():
        assert any(old in text for text in files.values()), f"{old} is not in the project"
        files = {name: text.replace(old, new) for name, text in files.items()}
    loaded = load_documents(files)
    assert not loaded.findings, [str(finding) for finding in loaded.findings]
    return make_release(loaded.definitions)


def assert_golden(name: str, found: str) -> None:
    """Compare with tests/golden/data/<name>; OBJECTRY_UPDATE_GOLDEN=1 writes it anew."""
    path = HERE / "data" / name
    if os.environ.get("OBJECTRY_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(found)
    assert path.read_text() == found


def published(release: Release, storage: StorageMap) -> LiveSchema:
    """What introspection would find, had the release been published on an empty database."""
    schemas: dict[str, dict[str, LiveTable]] = {}
    for table in compile_tables(release.model(), storage).tables.values():
        schemas.setdefault(str(table.schema), {})[str(table.name)] = _live(table)
    return LiveSchema(schemas=schemas)


def _live(table: Table) -> LiveTable:
    columns = {
        str(column.name): LiveColumn(
            name=str(column.name), type=column_type(column), nullable=bool(column.nullable)
        )
        for column in table.columns
    }
    constraints: dict[str, LiveConstraint] = {}
    for constraint in table.constraints:
        name = str(constraint.name)
        match constraint:
            case UniqueConstraint():
                constraints[name] = LiveConstraint(name=name, kind="u")
            case CheckConstraint():
                constraints[name] = LiveConstraint(name=name, kind="c")
            case ForeignKeyConstraint():
                target = constraint.referred_table.fullname
                constraints[name] = LiveConstraint(name=name, kind="f", target=target)
            case _:
                constraints[name] = LiveConstraint(name=name, kind="p")
    indexes = {str(index.name): LiveIndex(name=str(index.name)) for index in table.indexes}
    return LiveTable(columns=columns, constraints=constraints, indexes=indexes)
