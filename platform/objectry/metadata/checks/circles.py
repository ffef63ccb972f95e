"""Circles of fields: how they are found and reported, whatever makes one field read another."""

from collections.abc import Iterable, Mapping

from objectry.findings import code
from objectry.metadata.checks.aggregates import Node
from objectry.metadata.checks.context import Context

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
