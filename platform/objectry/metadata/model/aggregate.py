"""Builds the object models of one aggregate: a root object together with its line objects.

They are built together because a line's formula may read its parent and a parent's its lines.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal

from objectry.expressions.expression import Expression
from objectry.expressions.types import Kind
from objectry.metadata.model.behaviour import (
    autonumbers,
    conversions,
    immutable,
    numbering,
    permissions,
    workflow,
)
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.model.duplicates import Comparison, compared
from objectry.metadata.model.order import FieldKey, read_key, sort_keys
from objectry.metadata.model.record_types import applies_when, option_checks, required_when
from objectry.metadata.model.resolved import (
    CheckModel,
    CurrencySource,
    Derivation,
    FieldModel,
    ObjectModel,
)
from objectry.metadata.model.scope import field_type, kinds
from objectry.metadata.model.system import WRITTEN_LATE, is_drawn, system_fields
from objectry.metadata.types import type_of

if TYPE_CHECKING:
    from objectry.metadata.model.model import Model


def build_aggregate(model: "Model", root: str) -> dict[str, ObjectModel]:
    """The models of `root` and of its line objects, by object name."""
    definition = model.definitions.objects[root]
    tables = {f.name: f.of for f in definition.fields.values() if f.type == "table"}
    members = {"": definition} | {t: model.definitions.objects[of] for t, of in tables.items()}
    formulas = _formulas(model, members)
    derivations = derive(members, formulas, tables)
    order = _order(model, members, formulas, derivations, tables)
    fields = {
        table: _fields(model, member, table, members, formulas, derivations)
        for table, member in members.items()
    }
    return {
        member.name: _object(
            model,
            member,
            fields[table],
            order=() if table else order,
            default_order=() if table else _default_order(fields, tables),
            compared=compared(definition.duplicates, table),
        )
        for table, member in members.items()
    }


# Values that change, or are made, outside a write of the record, or by its statement.
_ELSEWHERE = frozenset({Derivation.LIVE, Derivation.ROLLUP, Derivation.SYSTEM})


def derive(
    members: Mapping[str, ObjectDef],
    formulas: Mapping[FieldKey, Expression],
    tables: Mapping[str, str],
) -> dict[FieldKey, Derivation]:
    """Where each declared field's value comes from.

    A formula over links, the clock, or the number (drawn by the writing statement itself) is live,
    and so is every formula that reads such a one, or a stored rollup, which changes without a
    write of the record.
    """
    result: dict[FieldKey, Derivation] = {}
    for table, member in members.items():
        for field in member.fields.values():
            result[(table, field.name)] = _derivation(field, formulas.get((table, field.name)))
    changed = True
    while changed:
        changed = False
        for key, expression in formulas.items():
            if result[key] is not Derivation.STORED:
                continue
            needs = (read_key(key[0], read, tables) for read in expression.reads)
            if any(result.get(n) in _ELSEWHERE or is_late(n, result) for n in needs if n):
                result[key] = Derivation.LIVE
                changed = True
    return result


def is_late(key: FieldKey, declared: Collection[FieldKey]) -> bool:
    """Whether a field is one of the engine's that the writing statement itself fills."""
    return key[0] == "" and key[1] in WRITTEN_LATE and key not in declared


def _derivation(field: FieldDef, formula: Expression | None) -> Derivation:
    if is_drawn(field):
        return Derivation.SYSTEM
    if field.computed:
        return Derivation.COMPUTED
    if formula is None:
        return Derivation.INPUT
    if field.rollup is not None:
        return Derivation.ROLLUP if field.stored else Derivation.LIVE
    if field.snapshot:
        return Derivation.SNAPSHOT
    if formula.follows_links or formula.uses_clock:
        return Derivation.LIVE
    return Derivation.STORED


def _formulas(model: "Model", members: Mapping[str, ObjectDef]) -> dict[FieldKey, Expression]:
    return {
        (table, field.name): model.expression(
            member.name,
            field.formula,
            variables=(),
            expects=kinds(field, member.name, model.catalog.types),
        )
        for table, member in members.items()
        for field in member.fields.values()
        if field.formula is not None
    } | {
        (table, field.name): model.rollup(field.rollup)
        for table, member in members.items()
        for field in member.fields.values()
        if field.rollup is not None
    }


def _order(
    model: "Model",
    members: Mapping[str, ObjectDef],
    formulas: Mapping[FieldKey, Expression],
    derivations: Mapping[FieldKey, Derivation],
    tables: Mapping[str, str],
) -> tuple[FieldKey, ...]:
    """All derived fields in dependency order, without the live ones (they have no column)."""
    edges: dict[FieldKey, list[FieldKey]] = {}
    for key, derivation in derivations.items():
        if derivation in (Derivation.INPUT, Derivation.SYSTEM):
            continue
        table, name = key
        member = members[table]
        field = member.fields[name]
        if field.computed:
            fact = model.catalog.computed_for(field.computed, member.name, name)
            paths = [("record", tuple(path.split("."))) for path in (fact.reads if fact else ())]
        else:
            paths = sorted(formulas[key].reads)
        needs = [need for path in paths if (need := read_key(table, path, tables))]
        if priced(field):
            source = currency_source(field, member, members[""] if table else None)
            if source.root in ("record", "parent"):
                needs.append((table if source.root == "record" else "", source.name))
        edges[key] = needs
    return tuple(k for k in sort_keys(edges) if derivations[k] not in _ELSEWHERE)


def _default_order(
    fields: Mapping[str, Mapping[str, FieldModel]], tables: Mapping[str, str]
) -> tuple[FieldKey, ...]:
    edges = {
        (table, field.name): [
            need for read in sorted(field.default.reads) if (need := read_key(table, read, tables))
        ]
        for table, members in fields.items()
        for field in members.values()
        if field.default is not None
    }
    return sort_keys(edges)


def priced(field: FieldDef) -> bool:
    """Whether a field's amounts are in a currency that is said elsewhere."""
    row = type_of(field)
    return row is not None and row.priced


def currency_source(field: FieldDef, member: ObjectDef, parent: ObjectDef | None) -> CurrencySource:
    """Where a money field's currency comes from: its key, the record, its parent, the company."""
    if field.currency:
        root: Literal["record", "code"] = "record" if field.currency in member.fields else "code"
        return CurrencySource(root, field.currency)
    own = member.fields.get("currency")
    if own is not None and own.type == "currency":
        return CurrencySource("record", "currency")
    above = parent.fields.get("currency") if parent else None
    if above is not None and above.type == "currency":
        return CurrencySource("parent", "currency")
    return CurrencySource("company")


def _fields(
    model: "Model",
    member: ObjectDef,
    table: str,
    members: Mapping[str, ObjectDef],
    formulas: Mapping[FieldKey, Expression],
    derivations: Mapping[FieldKey, Derivation],
) -> dict[str, FieldModel]:
    result: dict[str, FieldModel] = {}
    for field in system_fields(member, line=bool(table)).values():
        result[field.name] = _field(model, member, field, Derivation.SYSTEM)
    for field in member.fields.values():
        key = (table, field.name)
        parent = members[""] if table else None
        currency = currency_source(field, member, parent) if priced(field) else None
        result[field.name] = _field(
            model, member, field, derivations[key], formulas.get(key), currency
        )
    return result


def _field(
    model: "Model",
    member: ObjectDef,
    field: FieldDef,
    derivation: Derivation,
    formula: Expression | None = None,
    currency: CurrencySource | None = None,
) -> FieldModel:
    row = type_of(field, model.catalog.types)
    assert row is not None, f"{field.type} is no type"
    expr_type = field_type(field, member.name, model.catalog.types)
    assert expr_type is not None, f"{field.type} is no type"

    def rule(source: str | None) -> Expression | None:
        if source is None:
            return None
        return model.expression(member.name, source, variables=(), expects=(Kind.BOOLEAN,))

    default = field.default
    return FieldModel(
        name=field.name,
        definition=field,
        type=row,
        expr_type=expr_type,
        derivation=derivation,
        formula=formula,
        default=None
        if default is None
        else model.expression(member.name, default, expects=(expr_type.kind,)),
        when=rule(applies_when(member, field)),
        required_when=rule(required_when(member, field)),
        scale=row.scale if field.scale is None else field.scale,
        currency=currency,
    )


def _object(
    model: "Model",
    definition: ObjectDef,
    fields: dict[str, FieldModel],
    *,
    order: tuple[FieldKey, ...],
    default_order: tuple[FieldKey, ...],
    compared: tuple[tuple[str, Comparison], ...],
) -> ObjectModel:
    return ObjectModel(
        name=definition.name,
        definition=definition,
        plural=model.plural(definition.name),
        schema=definition.service,
        fields=fields,
        owner=model.owner(definition.name),
        order=order,
        default_order=default_order,
        checks=tuple(
            CheckModel(
                rule=model.expression(
                    definition.name, check.rule, variables=(), expects=(Kind.BOOLEAN,)
                ),
                message=check.message,
                field=check.field,
            )
            for check in (
                *definition.checks,
                *definition.invariants,
                *option_checks(definition),
            )
        ),
        numbering=numbering(model, definition),
        autonumbers=autonumbers(definition),
        workflow=workflow(model, definition),
        conversions=conversions(model, definition),
        immutable=immutable(model, definition),
        permissions=permissions(model, definition),
        compared=compared,
    )
