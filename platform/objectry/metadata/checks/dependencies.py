"""Dependencies between fields: no cycles, nothing read before it is known, nothing given away."""

from collections.abc import Iterable, Mapping

from objectry.expressions.expression import Expression
from objectry.expressions.facts import facts
from objectry.expressions.tree import children
from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.aggregate import derive, is_late
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.model.order import FieldKey, Read, read_key
from objectry.metadata.model.resolved import Derivation

CYCLE = code(
    "OBJ0501",
    "Fields depend on each other in a circle",
    "A formula, computed field or default reads, by way of others, its own result. The message "
    "spells out the way. Formulas depend field by field, also between a record, its lines and, "
    "where they are live, linked records.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {net: {type: money, formula: gross - tax}, "
        "tax: {type: money, formula: gross - net}, "
        "gross: {type: money, formula: net + tax}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {net: {type: money}, tax: {type: money}, gross: {type: money, formula: net + tax}}"
    ),
)
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
DISCLOSES = code(
    "OBJ0504",
    "Formula discloses a restricted field",
    "A derived field has a right of its own. Some role may read this one but not what it is "
    "computed from. Where that is not meant, restrict the derived field for that role as well. "
    "This is a warning.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {cost: {type: money}, double: {type: money, formula: cost * 2}}\n"
        "permissions: {sales: {read: true, fields: {cost: none}}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {cost: {type: money}, double: {type: money, formula: cost * 2}}\n"
        "permissions: {sales: {read: true, fields: {cost: none, double: none}}}"
    ),
)
NEVER_FILLED = code(
    "OBJ0505",
    "Required field that nobody fills",
    "A hidden or read-only field is not on any form, so a required one needs a default.",
    wrong=(
        "object: offer\nservice: offers\nfields: {code: {type: text, required: true, hidden: true}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {code: {type: text, required: true, hidden: true, default: \"'A'\"}}"
    ),
)
NO_COLUMN = code(
    "OBJ0506",
    "Live field has no column",
    "A formula over links, the clock or the number is computed when it is read, so it can't be "
    "indexed or used for counting numbers. `snapshot: true` gives it a column.",
    wrong=(
        "object: offer\nservice: offers\nindexes: [[country]]\n"
        "fields: {customer: {type: link, to: customer}, "
        "country: {type: country, formula: customer.country}}"
    ),
    right=(
        "object: offer\nservice: offers\nindexes: [[country]]\n"
        "fields: {customer: {type: link, to: customer}, "
        "country: {type: country, formula: customer.country, snapshot: true}}"
    ),
)

Node = tuple[str, str]  # (object, field)


class Aggregate:
    """A root object with its lines, as far as its expressions could be typed."""

    def __init__(self, context: Context, root: ObjectDef) -> None:
        objects = context.definitions.objects
        self.tables = {
            f.name: f.of for f in root.fields.values() if f.type == "table" and f.of in objects
        }
        self.members: dict[str, ObjectDef] = {"": root}
        self.members |= {table: objects[of] for table, of in self.tables.items()}
        self.formulas = self._typed(context, "formula") | self._typed(context, "rollup")
        self.defaults = self._typed(context, "default")
        self.derivations = derive(self.members, self.formulas, self.tables)

    def _typed(self, context: Context, key: str) -> dict[FieldKey, Expression]:
        return {
            (table, field): found
            for table, member in self.members.items()
            for field in member.fields
            if (found := context.expressions.get((member.name, ("fields", field, key))))
        }

    def node(self, key: FieldKey) -> Node:
        """A field of the aggregate by its object."""
        return (self.members[key[0]].name, key[1])

    def needs(self, key: FieldKey, reads: Iterable[Read]) -> list[FieldKey]:
        """The fields of the aggregate that reads begin with."""
        found = (read_key(key[0], read, self.tables) for read in sorted(reads))
        return list(dict.fromkeys(need for need in found if need))


def aggregates(context: Context) -> list[Aggregate]:
    """Every root object with its lines."""
    return [
        Aggregate(context, definition)
        for definition in context.definitions.objects.values()
        if definition.name not in context.owners
    ]


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


def rolled_up(expression: Expression) -> list[Read]:
    """What a rollup reads of the records it is over."""
    return sorted(read for part in children(expression.tree) for read in facts(part).reads)


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


def leads_to(field: FieldDef) -> tuple[str, ...]:
    """The objects behind a field: of a table its rows, of a link all that it may point to."""
    return (field.of,) if field.type == "table" else field.to


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


_ELSEWHERE = frozenset({Derivation.LIVE, Derivation.ROLLUP})
_DERIVED = _ELSEWHERE | {Derivation.STORED, Derivation.SNAPSHOT, Derivation.COMPUTED}


def report_cycle(context: Context, cycle: list[Node], key: str) -> None:
    """Report a cycle at its first field; `key` is what makes that one's value."""
    one = len({name for name, _ in cycle}) == 1
    shown = [field if one else f"{name}.{field}" for name, field in (*cycle, cycle[0])]
    name, field = cycle[0]
    declared = context.definitions.objects[name].fields[field]
    if key != "default":
        made = (("computed", declared.computed), ("rollup", declared.rollup))
        key = next((other for other, value in made if value), key)
    at = ("object", name, ("fields", field, key))
    context.find(CYCLE, at, f"Fields depend on each other: {' → '.join(shown)}.")


def find_cycles(edges: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """One cycle for each group of nodes that reach each other, from its first node on."""
    cycles: list[list[Node]] = []
    state: dict[Node, int] = {}  # 1 while on the way, 2 when done
    for start in edges:
        if start in state:
            continue
        way: list[Node] = []
        stack: list[tuple[Node, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                way.pop()
                state[node] = 2
                continue
            if state.get(node):
                continue
            state[node] = 1
            way.append(node)
            stack.append((node, True))
            for need in edges[node]:
                if state.get(need) == 1:
                    cycle = way[way.index(need) :]
                    if not any(set(cycle) & set(known) for known in cycles):
                        cycles.append(cycle)
                elif need in edges and need not in state:
                    stack.append((need, False))
    return cycles


@project_check
def check_columns(context: Context) -> None:
    """What is indexed or counted by has a column."""
    for aggregate in aggregates(context):
        for table, member in aggregate.members.items():
            for key, groups in (("indexes", member.indexes), ("uniques", member.uniques)):
                for row, group in enumerate(groups):
                    for column, entry in enumerate(group):
                        name = entry.removeprefix("-")
                        if aggregate.derivations.get((table, name)) is Derivation.LIVE:
                            at: Place = ("object", member.name, (key, row, column))
                            _report_live(context, at, name)
        numbering = aggregate.members[""].numbering
        for index, name in enumerate(numbering.scope if numbering else ()):
            if aggregate.derivations.get(("", name)) is Derivation.LIVE:
                at = ("object", aggregate.members[""].name, ("numbering", "scope", index))
                _report_live(context, at, name)


def _report_live(context: Context, at: Place, name: str) -> None:
    hint = "`snapshot: true` gives a formula one, `stored: true` a rollup"
    context.find(NO_COLUMN, at, f"`{name}` is live and has no column.", hint)


@object_check
def check_filled(context: Context, definition: ObjectDef) -> None:
    """What is required can be filled."""
    for field in definition.fields.values():
        way = "hidden" if field.hidden else "read_only" if field.read_only else ""
        if way and field.required and field.default is None:
            at = ("object", definition.name, ("fields", field.name, "required"))
            message = f"`{field.name}` is required but {way}, and nothing fills it."
            context.find(NEVER_FILLED, at, message, "add a `default`", key=True)
