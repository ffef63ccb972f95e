"""Names in an expression: what a dotted path means, and what was probably meant."""

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from rapidfuzz import fuzz, process

from objectry.expressions.codes import CONSTRUCT, LINES, LINK, UNKNOWN_NAME
from objectry.expressions.functions import FUNCTIONS
from objectry.expressions.records import Records
from objectry.expressions.tree import Field, Root
from objectry.expressions.types import ExprType, Kind, Scope
from objectry.expressions.typing import describe

if TYPE_CHECKING:
    from objectry.expressions.check import Checker

PATH_MAX = 8


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The lines an aggregate is over: how the source names them, and their own scope."""

    names: tuple[str, ...]
    over: Field
    scope: Scope


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """The hint naming the nearest candidate, or nothing."""
    best = process.extractOne(name, sorted(candidates), scorer=fuzz.ratio, score_cutoff=70)
    return f"did you mean `{best[0]}`?" if best else ""


def dotted(node: ast.expr) -> tuple[str, ...] | None:
    """`a.b.c` as names, or None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return (node.id, *reversed(parts))


def find_rows(scope: Scope, node: ast.expr) -> Rows | None:
    """The lines that a part of an expression mentions: `lines.x`, or in a line `parent.lines.x`.

    Where the scope is of several records it begins with one of them: `offer.lines.x`.
    """
    for part in ast.walk(node):
        names = dotted(part) if isinstance(part, ast.Name | ast.Attribute) else None
        if names is None:
            continue
        root: Root = "record"
        home: Scope | None = scope
        at = 0
        if names[0] == "parent" and len(names) > 1:
            root, home, at = "parent", scope.parent, 1
        elif isinstance(scope, Records) and len(names) > 1:
            home, at = scope.record(names[0]), 1
        type_ = home.field(names[at]) if home else None
        if home is None or type_ is None or type_.kind is not Kind.LINES:
            continue
        lines = home.follow(type_.object)
        if lines is not None:
            path = names[: at + 1] if root == "record" else (names[at],)
            over = Field(type=type_, root=root, path=path)
            return Rows(names=names[: at + 1], over=over, scope=lines)
    return None


def resolve(checker: "Checker", node: ast.Name | ast.Attribute) -> Field | None:
    """The field that a dotted path reaches; None after noting what is wrong with it."""
    names = dotted(node)
    if names is None:
        checker.problem(node, CONSTRUCT, "Only names can be followed by a dot.")
        return None
    for name in names:
        if name.startswith("_"):
            checker.problem(node, UNKNOWN_NAME, f"No name begins with `_`: `{name}`.")
            return None
    if len(names) > PATH_MAX:
        checker.problem(node, LINK, f"A path has at most {PATH_MAX} steps.")
        return None
    rows = checker.rows
    if rows is not None and names[: len(rows.names)] == rows.names:
        rest = names[len(rows.names) :]
        if not rest:
            message = f"`{'.'.join(names)}` holds lines; name one of their fields."
            checker.problem(node, LINES, message)
            return None
        return _walk(checker, node, rows.scope, "record", rest)
    match names:
        case ("parent", *_) if rows is not None or not _is_field(checker.scope, "parent"):
            return _parent(checker, node, names)
        case ("user" | "old" as root, *_):
            return _variable(checker, node, root, names)
        case _:
            return _own(checker, node, names)


def _is_field(scope: Scope, name: str) -> bool:
    """Whether the record itself has a field of the name: the link `parent` of a tree."""
    return name in scope.names()


def _own(checker: "Checker", node: ast.expr, names: tuple[str, ...]) -> Field | None:
    rows = checker.rows
    if rows is None:
        return _walk(checker, node, checker.scope, "record", names)
    if rows.over.root == "parent":
        message = f"Inside an aggregate over `{'.'.join(rows.names)}` only its fields can be used."
        checker.problem(node, LINES, message)
        return None
    # Seen from a line, the record's own fields are its parent's.
    return _walk(checker, node, checker.scope, "parent", names)


def _parent(checker: "Checker", node: ast.expr, names: tuple[str, ...]) -> Field | None:
    scope = checker.scope.parent
    if scope is None:
        message = "There is no `parent` here: only lines have one."
        checker.problem(node, UNKNOWN_NAME, message)
        return None
    if len(names) == 1:
        message = "`parent` is the whole record; name one of its fields."
        checker.problem(node, LINK, message, "parent.id")
        return None
    if checker.rows is not None and checker.rows.over.root == "record":
        message = "Inside an aggregate the record's own parent can't be reached."
        checker.problem(node, LINES, message, "put it into a formula field of the line")
        return None
    return _walk(checker, node, scope, "parent", names[1:])


def _variable(
    checker: "Checker", node: ast.expr, root: Root, names: tuple[str, ...]
) -> Field | None:
    attributes = checker.scope.variable(root)
    if attributes is None:
        checker.problem(node, UNKNOWN_NAME, f"`{root}` can't be used here.")
        return None
    if len(names) == 1:
        message = f"`{root}` is a whole record; name one of its fields."
        checker.problem(node, LINK, message, f"{root}.id")
        return None
    type_ = attributes.get(names[1])
    if type_ is None:
        message = f"`{root}` has no `{names[1]}`."
        checker.problem(node, UNKNOWN_NAME, message, did_you_mean(names[1], attributes))
        return None
    if root == "user" and len(names) > 2:
        checker.problem(node, LINK, f"`user.{names[1]}` can't be followed.")
        return None
    return _walk(checker, node, checker.scope, root, names[1:], type_)


def _walk(
    checker: "Checker",
    node: ast.expr,
    scope: Scope,
    root: Root,
    names: tuple[str, ...],
    first: ExprType | None = None,
) -> Field | None:
    """Follow names from a scope; `first` is the type of the first one where it is known."""
    current = first or scope.field(names[0])
    if current is None:
        _unknown(checker, node, scope, names[0])
        return None
    for at, name in enumerate(names[1:], start=1):
        if current.kind is Kind.LINES:
            break
        if current.kind is Kind.COMPOSITE:
            return _part(checker, node, current, root, names, at)
        if current.kind is not Kind.LINK:
            message = f"`{names[at - 1]}` is {describe(current)}, which can't be followed by a dot."
            hint = f"{name}({names[at - 1]})" if name in FUNCTIONS else ""
            checker.problem(node, LINK, message, hint)
            return None
        if name == "id" and at == len(names) - 1:
            names = names[:-1]  # the id of what a link points to is the link's own value
            break
        scopes = [linked for one in current.targets if (linked := scope.follow(one)) is not None]
        if not scopes:
            message = f"`{names[at - 1]}` points to no known object, so it can't be followed."
            checker.problem(node, LINK, message)
            return None
        for linked in scopes:
            found = linked.field(name)
            if found is None:
                _unknown(checker, node, linked, name)
                return None
            if found != scopes[0].field(name):
                message = f"`{name}` is not the same in all that `{names[at - 1]}` may point to."
                checker.problem(node, LINK, message)
                return None
            scope, current = linked, found
    if current.kind is Kind.LINES:
        message = f"`{'.'.join(names)}` holds lines, not one value."
        hint = "sum(…), count(…), any(…) and others make one value of own lines"
        checker.problem(node, LINES, message, hint)
        return None
    return Field(type=current, root=root, path=names)


def _part(
    checker: "Checker",
    node: ast.expr,
    whole: ExprType,
    root: Root,
    names: tuple[str, ...],
    at: int,
) -> Field | None:
    """A part of a composite: the last name of a path."""
    kinds = dict(whole.parts)
    kind = kinds.get(names[at])
    if kind is None:
        message = f"`{names[at - 1]}` has no part `{names[at]}`, only {', '.join(kinds)}."
        checker.problem(node, UNKNOWN_NAME, message, did_you_mean(names[at], kinds))
        return None
    if at < len(names) - 1:
        message = f"`{names[at]}` is {describe(ExprType(kind))}, which can't be followed by a dot."
        checker.problem(node, LINK, message)
        return None
    return Field(type=ExprType(kind), root=root, path=names[:at], part=names[at])


def _unknown(checker: "Checker", node: ast.expr, scope: Scope, name: str) -> None:
    hint = did_you_mean(name, scope.names())
    if not hint and name in FUNCTIONS:
        hint = f"the function is called {FUNCTIONS[name].usage}"
    checker.problem(node, UNKNOWN_NAME, f"There is no field `{name}` here.", hint)
