"""What the engine must know about an expression beside its value: what it reads, and whether time
or linked records enter it."""

from collections.abc import Iterator

import msgspec

from objectry.expressions.tree import Aggregate, Call, Field, Rollup, Root, Tree, children

CLOCK = frozenset({"today", "now"})


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """See `Expression`."""

    reads: frozenset[tuple[str, tuple[str, ...]]]
    uses_clock: bool
    follows_links: bool


def facts(tree: Tree) -> Facts:
    """The facts of a typed tree."""
    found = list(_fields(tree, None))
    return Facts(
        reads=frozenset((root, path) for root, path, _ in found),
        uses_clock=_uses_clock(tree),
        follows_links=any(follows for _, _, follows in found),
    )


def _fields(tree: Tree, over: Field | None) -> Iterator[tuple[Root, tuple[str, ...], bool]]:
    """Every (root, path) seen from the expression's record, and whether a link is followed."""
    match tree:
        case Field():
            yield (*_seen_from_record(tree, over), len(tree.path) > 1)
        case Aggregate(body=None):
            yield (tree.over.root, tree.over.path, False)
        case Aggregate(body=body) if body is not None:
            yield from _fields(body, tree.over)
        case Rollup():
            yield ("record", ("id",), True)  # what others say of the record, found by its id
        case _:
            for child in children(tree):
                yield from _fields(child, over)


def _seen_from_record(field: Field, over: Field | None) -> tuple[Root, tuple[str, ...]]:
    if over is not None and field.root == "record":
        return over.root, over.path + field.path
    if over is not None and field.root == "parent" and over.root == "record":
        return "record", field.path
    return field.root, field.path


def _uses_clock(tree: Tree) -> bool:
    if isinstance(tree, Call) and tree.function in CLOCK:
        return True
    return any(_uses_clock(child) for child in children(tree))
