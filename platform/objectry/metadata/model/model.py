"""The model of a project: definitions with everything derived, built per object when asked for."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from objectry.expressions import Expression, compile_expression
from objectry.expressions.rollups import make_rollup
from objectry.expressions.types import ExprType, Kind, Scope
from objectry.metadata.model.aggregate import build_aggregate
from objectry.metadata.model.catalog import Catalog
from objectry.metadata.model.definitions import (
    Definitions,
    ObjectDef,
    PermissionDef,
    RollupDef,
)
from objectry.metadata.model.order import Read
from objectry.metadata.model.resolved import Derivation, ObjectModel
from objectry.metadata.model.scope import USER, ObjectScope, field_type
from objectry.metadata.model.system import system_fields

EXPRESSIONS_KEPT_MAX = 20_000


class Model:
    """What the definitions of a project mean.

    Making one costs next to nothing: objects are resolved and expressions compiled when first
    asked for, and kept. The definitions must have passed the checks.
    """

    def __init__(self, definitions: Definitions, catalog: Catalog | None = None) -> None:
        """`catalog` is what plugins bring; without it `computed` fields know no reads."""
        self.definitions = definitions
        self.catalog = catalog or Catalog()
        self._objects: dict[str, ObjectModel] = {}
        self._scopes: dict[tuple[str, tuple[str, ...]], ObjectScope] = {}
        self._types: dict[str, dict[str, ExprType]] = {}
        self._reads: dict[tuple[str, str], frozenset[Read]] = {}
        self._expressions: dict[tuple[str, str, tuple[str, ...], tuple[Kind, ...]], Expression] = {}

    def objects(self) -> tuple[str, ...]:
        """The names of all objects, line objects included."""
        return tuple(self.definitions.objects)

    def object(self, name: str) -> ObjectModel:
        """The model of one object; KeyError where there is none of that name."""
        found = self._objects.get(name)
        if found is None:
            owner = self._owners.get(name)
            self._objects.update(build_aggregate(self, owner[0] if owner else name))
            found = self._objects[name]
        return found

    def line_object(self, name: str, table_field: str) -> ObjectModel:
        """The object whose records are the rows of a table field."""
        return self.object(self.definitions.objects[name].fields[table_field].of)

    def owner(self, name: str) -> tuple[str, str] | None:
        """(object, table field) that owns the records of a line object; None for a root."""
        return self._owners.get(name)

    def plural(self, name: str) -> str:
        """The REST path of an object: `plural`, else its name with an s."""
        return plural_of(self.definitions.objects[name])

    def by_plural(self, plural: str) -> ObjectModel | None:
        """The object behind a REST path."""
        name = self._plurals.get(plural)
        return None if name is None else self.object(name)

    def scope(self, object_name: str, *, variables: Iterable[str] = ("user",)) -> Scope:
        """The names an expression over this object may use.

        `variables` are the roots allowed beside the record: "user", and "old" in hooks.
        """
        key = (object_name, tuple(variables))
        found = self._scopes.get(key)
        if found is None:
            types = self._field_types(object_name)
            known = {"user": USER, "old": types}
            owner = self._owners.get(object_name)
            found = ObjectScope(
                types,
                self._find,
                owner[0] if owner else "",
                {name: known[name] for name in key[1]},
            )
            self._scopes[key] = found
        return found

    def expression(
        self,
        object_name: str,
        source: str,
        *,
        variables: tuple[str, ...] = ("user",),
        expects: tuple[Kind, ...] = (),
    ) -> Expression:
        """The typed form of a source text from the definitions (they have been checked).

        `expects` are the kinds of result possible here: literals are typed by them.
        """
        key = (object_name, source, variables, expects)
        found = self._expressions.get(key)
        if found is None:
            scope = self.scope(object_name, variables=variables)
            compiled = compile_expression(source, scope, expects=expects)
            if isinstance(compiled, tuple):
                raise ValueError(
                    f"{object_name}: `{source}` has not passed the checks: {compiled[0].message}"
                )
            if len(self._expressions) >= EXPRESSIONS_KEPT_MAX:
                self._expressions.clear()
            found = self._expressions[key] = compiled
        return found

    def rollup(self, definition: RollupDef) -> Expression:
        """The typed form of a rollup, over the records that are linked to."""
        assert definition.op, "a rollup that passed the checks has an operation"
        body, where = definition.field, definition.where
        return make_rollup(
            definition.op,
            definition.of,
            definition.via,
            self.expression(definition.of, body, variables=()) if body else None,
            None
            if where is None
            else self.expression(definition.of, where, variables=(), expects=(Kind.BOOLEAN,)),
        )

    def reads(self, object_name: str, expression: Expression) -> frozenset[Read]:
        """Every path that must be known to evaluate an expression over a record in Python.

        Reads of live fields of the same aggregate are replaced by what their formulas read, so all
        that is left are input and stored fields, rollups and paths through links.
        """
        return frozenset(self._expand(object_name, expression.reads))

    def _expand(self, object_name: str, reads: Iterable[Read]) -> Iterator[Read]:
        own = self.object(object_name)
        for root, path in reads:
            if root not in ("record", "parent"):
                yield (root, path)
                continue
            where = self.object(own.owner[0]) if root == "parent" and own.owner else own
            table = path[0] if path[1:] and path[0] in where.tables else ""
            if table:
                where = self.object(where.tables[table])
            name = (path[1:] if table else path)[0]
            field = where.fields.get(name)
            if field is None or field.derivation is not Derivation.LIVE or field.is_rollup:
                yield (root, path)
                continue
            for inner_root, inner in self._live_reads(where.name, name):
                if inner_root == "record":
                    yield (root, (table, *inner) if table else inner)
                elif table and inner_root == "parent":
                    yield (root, inner)  # the parent of a row is where its table was found
                else:
                    yield (inner_root, inner)

    def _live_reads(self, object_name: str, field: str) -> frozenset[Read]:
        """What a live field comes down to, seen from its own record."""
        found = self._reads.get((object_name, field))
        if found is None:
            formula = self.object(object_name).fields[field].formula
            assert formula is not None, "a live field has a formula"
            found = frozenset(self._expand(object_name, formula.reads))
            self._reads[(object_name, field)] = found
        return found

    def role_grants(self, object_name: str) -> list[tuple[str, PermissionDef]]:
        """Grants on an object that are written in `role` documents, as (role, grant)."""
        return self._role_grants.get(object_name, [])

    def _find(self, object_name: str) -> Scope | None:
        if object_name not in self.definitions.objects:
            return None
        return self.scope(object_name, variables=())

    def _field_types(self, object_name: str) -> dict[str, ExprType]:
        found = self._types.get(object_name)
        if found is None:
            definition = self.definitions.objects[object_name]
            fields = system_fields(definition, line=object_name in self._owners)
            fields.update(definition.fields)
            found = {
                name: type_
                for name, field in fields.items()
                if (type_ := field_type(field, object_name, self.catalog.types)) is not None
            }
            self._types[object_name] = found
        return found

    @cached_property
    def _owners(self) -> dict[str, tuple[str, str]]:
        return {name: found[0] for name, found in owners_of(self.definitions).items()}

    @cached_property
    def _plurals(self) -> dict[str, str]:
        return {plural_of(d): name for name, d in self.definitions.objects.items()}

    @cached_property
    def _role_grants(self) -> dict[str, list[tuple[str, PermissionDef]]]:
        grants: dict[str, list[tuple[str, PermissionDef]]] = {}
        for role in self.definitions.roles.values():
            for object_name, grant in role.permissions.items():
                grants.setdefault(object_name, []).append((role.name, grant))
        return grants


def plural_of(definition: ObjectDef) -> str:
    """The REST path of an object: `plural`, else its name with an s."""
    return definition.plural or f"{definition.name}s"


def owners_of(definitions: Definitions) -> dict[str, list[tuple[str, str]]]:
    """Every line object and the (object, table field) pairs that hold it."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for definition in definitions.objects.values():
        for field in definition.fields.values():
            if field.type == "table" and field.of:
                owners.setdefault(field.of, []).append((definition.name, field.name))
    return owners
