"""Dependencies between fields: no circles, and nothing read before it is known."""

from collections.abc import Iterable

from objectry.expressions.expression import Expression
from objectry.findings import code
from objectry.metadata.checks.aggregates import Aggregate, Node, aggregates, leads_to, rolled_up
from objectry.metadata.checks.circles import find_cycles, report_cycle
from objectry.metadata.checks.context import Context
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.aggregate import is_late
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.order import FieldKey, Read
from objectry.metadata.model.resolved import Derivation

DEFAULT_READS_DERIVED = code(
    "OBJ0502",
    "Default reads a computed field",
    "Defaults are filled before formulas and plugins compute and before a number is drawn, so the "
    "value would not be there yet. Write what the formula computes into the default.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {net: {type: money}, gross: {type: money, formula: net * 2}, "
        "paid: {type: money, default: gross}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {net: {type: money}, gross: {type: money, formula: net * 2}, "
        "paid: {type: money, default: net * 2}}"
    ),
)
FROZEN_READS_LIVE = code(
    "OBJ0503",
    "Frozen field reads a live one",
    "A snapshot or computed field is made when the record is written; a live formula (over links, "
    "the clock or the number) has its value only when it is read. Make the other a snapshot too.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {customer: {type: link, to: customer}, "
        "country: {type: country, formula: customer.country}, "
        "label: {type: text, formula: \"concat('to ', country)\", snapshot: true}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {customer: {type: link, to: customer}, "
        "country: {type: country, formula: customer.country, snapshot: true}, "
        "label: {type: text, formula: \"concat('to ', country)\", snapshot: true}}"
    ),
)

_ELSEWHERE = frozenset({Derivation.LIVE, Derivation.ROLLUP})
_DERIVED = _ELSEWHERE | {Derivation.STORED, Derivation.SNAPSHOT, Derivation.COMPUTED}


def _computed_reads(context: Context, member: ObjectDef, field: str) -> list[Read]:
    fact = context.catalog.computed_for(member.fields[field].computed, member.name, field)
    return [("record", tuple(path.split("."))) for path in (fact.reads if fact else ())]


@project_check
def check_dependencies(context: Context) -> None:
    """Derived fields and defaults can be computed one after the other."""
    edges: dict[Node, list[Node]] = {}
    for aggregate in aggregates(context):
        for key, derivation in aggregate.derivations.items():
            table, name = key
            member = aggregate.members[table]
            if derivation is Derivation.COMPUTED:
                reads = _computed_reads(context, member, name)
            elif key in aggregate.formulas:
                reads = list(aggregate.formulas[key].reads)
            else:
                continue
            needs = aggregate.needs(key, reads)
            edges[aggregate.node(key)] = [aggregate.node(need) for need in needs]
            rollup = member.fields[name].rollup
            if rollup is not None:
                edges[aggregate.node(key)] += _rolled_up(
                    context, rollup.of, aggregate.formulas[key]
                )
            elif derivation is Derivation.LIVE:
                edges[aggregate.node(key)] += _linked(context, member, reads)
            else:
                _check_frozen(context, aggregate, key, needs)
        _check_defaults(context, aggregate)
    for cycle in find_cycles(edges):
        report_cycle(context, cycle, "formula")


def _rolled_up(context: Context, of: str, expression: Expression) -> list[Node]:
    """The fields of other records that a rollup reads, and those behind their links."""
    reads = rolled_up(expression)
    other = context.definitions.objects[of]
    own = [(of, path[0]) for root, path in reads if root == "record"]
    if of in context.owners:
        owner = context.owners[of][0][0]
        own += [(owner, path[0]) for root, path in reads if root == "parent"]
    return own + _linked(context, other, reads)


def _linked(context: Context, member: ObjectDef, reads: Iterable[Read]) -> list[Node]:
    """The last field of every path that leads out of the record through links."""
    result: list[Node] = []
    for root, path in sorted(reads):
        name = member.name
        if root == "parent":
            name = context.owners[member.name][0][0] if member.name in context.owners else ""
        elif root != "record":
            continue
        linked, places = False, [name]
        for part in path[:-1]:
            fields = [field for one in places if (field := context.fields(one).get(part))]
            linked = linked or any(field.to for field in fields)
            places = [target for field in fields for target in leads_to(field)]
        if linked:
            result += [(one, path[-1]) for one in places]
    return result


def _check_frozen(
    context: Context, aggregate: Aggregate, key: FieldKey, needs: list[FieldKey]
) -> None:
    """A snapshot or computed field reads nothing live."""
    for need in needs:
        late = is_late(need, aggregate.derivations)
        if aggregate.derivations.get(need) not in _ELSEWHERE and not late:
            continue
        member = aggregate.members[key[0]]
        source = "computed" if aggregate.derivations[key] is Derivation.COMPUTED else "formula"
        at = ("object", member.name, ("fields", key[1], source))
        if late:
            message = f"`{need[1]}` is filled by the write itself, after `{key[1]}` is made."
            context.find(FROZEN_READS_LIVE, at, message, "a live formula can read it")
        else:
            message = f"`{key[1]}` is made at the write, but `{need[1]}` is live."
            rollup = aggregate.members[need[0]].fields[need[1]].rollup is not None
            hint = "" if rollup else f"add `snapshot: true` to `{need[1]}`"
            context.find(FROZEN_READS_LIVE, at, message, hint)


def _check_defaults(context: Context, aggregate: Aggregate) -> None:
    edges: dict[Node, list[Node]] = {}
    for key, expression in aggregate.defaults.items():
        needs = aggregate.needs(key, expression.reads)
        edges[aggregate.node(key)] = [aggregate.node(need) for need in needs]
        for need in needs:
            if aggregate.derivations.get(need) in _DERIVED or is_late(need, aggregate.derivations):
                at = ("object", aggregate.members[key[0]].name, ("fields", key[1], "default"))
                message = f"`{need[1]}` is computed after defaults are filled."
                context.find(DEFAULT_READS_DERIVED, at, message, "read what it is computed from")
    for cycle in find_cycles(edges):
        report_cycle(context, cycle, "default")
