"""Dependencies between the fields of an aggregate (a record and its lines), and their order."""

from collections.abc import Iterable, Mapping

# (table field, or "" for the record itself; field name)
FieldKey = tuple[str, str]
Read = tuple[str, tuple[str, ...]]


def read_key(table: str, read: Read, tables: Mapping[str, str]) -> FieldKey | None:
    """The field of the same aggregate that a path reads first, seen from a row of `table`.

    `tables` are the record's table fields. None for what lies outside (`user`, `old`).
    """
    root, path = read
    if root not in ("record", "parent") or not path:
        return None
    if root == "record" and table:
        return (table, path[0])
    if path[0] in tables:
        return (path[0], path[1]) if len(path) > 1 else None
    return ("", path[0])


def sort_keys(edges: Mapping[FieldKey, Iterable[FieldKey]]) -> tuple[FieldKey, ...]:
    """The keys so that each comes after all it depends on; otherwise in the order given.

    In a cycle (checks refuse them) the order within it is arbitrary.
    """
    done: dict[FieldKey, None] = {}
    entered: set[FieldKey] = set()
    for start in edges:
        stack: list[tuple[FieldKey, bool]] = [(start, False)]
        while stack:
            key, leaving = stack.pop()
            if leaving:
                done[key] = None
            elif key not in entered:
                entered.add(key)
                stack.append((key, True))
                stack.extend((need, False) for need in reversed(list(edges[key])) if need in edges)
    return tuple(done)
