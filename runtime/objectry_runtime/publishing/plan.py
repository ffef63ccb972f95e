"""From a release to the plan that would publish it."""

import msgspec

from objectry.compiler.tables import compile_tables
from objectry.metadata.model import Catalog, Model
from objectry.metadata.model.definitions import Definitions
from objectry.planner import Plan, plan_changes
from objectry.registry import Release, StorageMap, allocate
from objectry.registry.diff import diff_definitions
from objectry.sdk import catalog as catalog_of
from objectry_runtime.host import discover
from objectry_runtime.publishing.formulas import NewFormula, new_formulas
from objectry_runtime.publishing.introspection import introspect, row_counts
from objectry_runtime.publishing.releases import LiveRow, live_row
from objectry_runtime.store.database import Database, OwnerConnection


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with what is needed to carry it out: the storage map, and what was live.

    `formulas` are what the plan's backfill steps fill, in their order.
    """

    plan: Plan
    model: Model
    formulas: tuple[NewFormula, ...]
    storage: StorageMap
    before: LiveRow | None

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
    before = live_row(connection)
    model = release.model(catalog_of(discover()) if catalog is None else catalog)
    known = StorageMap() if before is None else before.storage
    storage = allocate(known, model)
    wanted = compile_tables(model, storage)
    schemas = {str(table.schema) for table in wanted.tables.values()}
    if before is not None:
        schemas.update(table.schema for table in before.storage.objects.values())
    live_definitions = Definitions() if before is None else before.release.definitions
    rows = row_counts(connection, schemas)
    tables = plan_changes(
        introspect(connection, schemas),
        wanted,
        rows,
        release=release.id,
        definitions=diff_definitions(live_definitions, release.definitions),
    )
    formulas = new_formulas(connection, model, storage, known, rows)
    fills = tuple(formula.step for formula in formulas)
    return Proposal(
        plan=msgspec.structs.replace(tables, steps=(*tables.steps, *fills)),
        model=model,
        formulas=formulas,
        storage=storage,
        before=before,
    )
