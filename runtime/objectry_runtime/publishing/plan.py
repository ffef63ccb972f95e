"""From a release to the plan that would publish it."""

from collections.abc import Mapping

import msgspec

from objectry.compiler.tables import compile_tables
from objectry.metadata.model import Catalog, Model
from objectry.metadata.model.collection import uncollected
from objectry.metadata.model.definitions import Definitions
from objectry.planner import Plan, plan_changes
from objectry.registry import Release, StorageMap, allocate
from objectry.registry.allocation import schema_name
from objectry.registry.diff import diff_definitions
from objectry.sdk import catalog as catalog_of
from objectry_runtime.host import PluginProblem, discover, missing_types
from objectry_runtime.publishing.formulas import (
    NewFormula,
    changed_rollups,
    marked_columns,
    new_formulas,
    new_in_old_columns,
)
from objectry_runtime.publishing.introspection import introspect, row_counts
from objectry_runtime.publishing.releases import LiveRow, live_row
from objectry_runtime.publishing.settled import at_rest, settled_objects, tables_of
from objectry_runtime.store.database import Database, OwnerConnection


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with what is needed to carry it out: the storage map, and what was live.

    `formulas` are what the plan's backfill steps fill, in their order; `resting` the objects whose
    tables need no step, each with the hash of its table.
    """

    plan: Plan
    model: Model
    formulas: tuple[NewFormula, ...]
    storage: StorageMap
    before: LiveRow | None
    resting: Mapping[str, str]

    @property
    def schemas(self) -> tuple[str, ...]:
        """The schemas the release's tables lie in."""
        return tuple(sorted({table.schema for table in self.storage.objects.values()}))


def make_plan(database: Database, release: Release, catalog: Catalog | None = None) -> Plan:
    """What publishing the release would do to the database now. Changes nothing.

    `catalog` is what the plugins bring, by default the installed ones.
    """
    with database.connect_owner() as connection:
        return propose(connection, release, catalog).plan


def propose(
    connection: OwnerConnection, release: Release, catalog: Catalog | None = None
) -> Proposal:
    """`make_plan` over an open connection, with what `apply` needs beside the plan."""
    with uncollected():
        return _propose(connection, release, catalog)


def _propose(connection: OwnerConnection, release: Release, catalog: Catalog | None) -> Proposal:
    before = live_row(connection)
    model = release.model(catalog_of(discover()) if catalog is None else catalog)
    if missing := missing_types(model):
        raise PluginProblem(missing)
    definitions, known = _before(before)
    schemas = {table.schema for table in known.objects.values()}
    schemas.update(schema_name(one.service) for one in release.definitions.objects.values())
    live = introspect(connection, schemas)
    unfilled = {f"{schema}.{table}" for schema, table, _ in marked_columns(connection)}
    settled = settled_objects(release.definitions, definitions, known, live, unfilled)
    others = [name for name in model.objects() if name not in settled]
    storage = allocate(known, model, settled)
    left_out = tables_of(storage, settled)
    rows = row_counts(connection, schemas, left_out)
    tables = plan_changes(
        live,
        compile_tables(model, storage, others),
        rows,
        release=release.id,
        definitions=diff_definitions(definitions, release.definitions),
        settled=left_out,
    )
    changed = changed_rollups(definitions, release.definitions)
    changed |= new_in_old_columns(definitions, release.definitions)
    formulas = new_formulas(connection, model, storage, known, rows, others, changed)
    steps = (*tables.steps, *(formula.step for formula in formulas))
    return Proposal(
        plan=msgspec.structs.replace(tables, steps=steps),
        model=model,
        formulas=formulas,
        storage=storage,
        before=before,
        resting=at_rest(model, storage, live, steps),
    )


def _before(live: LiveRow | None) -> tuple[Definitions, StorageMap]:
    """The definitions that were live and where they lie; nothing, nowhere before the first."""
    if live is None:
        return Definitions(), StorageMap()
    return live.release.definitions, live.storage
