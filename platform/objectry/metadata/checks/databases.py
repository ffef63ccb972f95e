"""What is read across databases is kept where it is read: `replicate` on the link says so."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from objectry.expressions import Expression, compile_expression
from objectry.findings import code, near
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.model.elsewhere import databases, needed
from objectry.metadata.model.system import system_fields

NOT_KEPT = code(
    "OBJ0701",
    "Read across databases",
    "The expression follows a link to a record of another database and reads a field that isn't "
    "kept here. Fields that a link names under `replicate` are kept as a local copy by events; "
    "nothing else of another database can be read or filtered.",
    wrong=(
        "service: sales\ndatabase: sales\n---\nservice: people\ndatabase: people\n---\n"
        "object: buyer\nservice: people\nfields: {name: {type: text}, days: {type: integer}}\n"
        "---\nobject: order\nservice: sales\nfields:\n  buyer: {type: link, to: buyer}\n"
        "  days: {type: integer, default: buyer.days}"
    ),
    right=(
        "service: sales\ndatabase: sales\n---\nservice: people\ndatabase: people\n---\n"
        "object: buyer\nservice: people\nfields: {name: {type: text}, days: {type: integer}}\n"
        "---\nobject: order\nservice: sales\nfields:\n"
        "  buyer: {type: link, to: buyer, replicate: [days]}\n"
        "  days: {type: integer, default: buyer.days}"
    ),
)
CANT_BE_KEPT = code(
    "OBJ0702",
    "Can't be replicated",
    "Only fields of the linked record can be kept elsewhere, no rows. A live value changes without "
    "anybody writing its record: its copy is as old as the record's last change (a warning).",
    wrong=(
        "object: buyer\nservice: offers\nfields: {name: {type: text}}\n---\n"
        "object: order\nservice: offers\nfields: "
        "{buyer: {type: link, to: buyer, replicate: [nam]}}"
    ),
    right=(
        "object: buyer\nservice: offers\nfields: {name: {type: text}}\n---\n"
        "object: order\nservice: offers\nfields: "
        "{buyer: {type: link, to: buyer, replicate: [name]}}"
    ),
)


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is read but not kept: where, over which link (object, field) to elsewhere, and
    the path `behind` it. A condition over the target of a conversion follows none of here.
    """

    at: Place
    path: tuple[str, ...]
    object: str
    field: str
    link: tuple[str, str]
    behind: tuple[str, ...]


@project_check
def check_replicated_fields(context: Context) -> None:
    """A link replicates fields of its targets that can be replicated."""
    for definition in context.definitions.objects.values():
        for field in definition.fields.values():
            for index, name in enumerate(field.replicate):
                at: Place = (
                    *("object", definition.name),
                    ("fields", field.name, "replicate", index),
                )
                for target in field.to:
                    _check_kept(context, target, name, at)
            rollup = field.rollup
            if rollup is not None and rollup.field and _apart(context, definition, rollup.of):
                path = ("fields", field.name, "rollup", "field")
                _check_kept(context, rollup.of, rollup.field, ("object", definition.name, path))


@project_check
def check_reads_across_databases(context: Context) -> None:
    """What expressions read behind links to other databases is kept where they are evaluated."""
    for one in missing(context):
        message = f"`{'.'.join(one.path)}`: `{one.object}.{one.field}` lies in another database."
        hint = f"add `replicate: [{'.'.join(one.behind)}]` to `{one.link[0]}.{one.link[1]}`"
        context.find(NOT_KEPT, one.at, message, hint if one.link[0] else "")


def missing(context: Context) -> Iterator[Missing]:
    """Everything that is read across databases and not kept."""
    placed = databases(context.definitions)
    if len(set(placed.values())) < 2:
        return
    kept = _Kept(context, placed)
    for base, expression, at in context.followed:
        home = at[1] if at[0] == "object" else base
        for root, path in sorted(expression.reads):
            start = context.owners[base][0][0] if root == "parent" else base
            if root in ("record", "parent", "old"):
                yield from _walk(context, kept, home, start, path, at)


def _apart(context: Context, definition: ObjectDef, other: str) -> bool:
    """Whether another object lives in another database."""
    placed, found = databases(context.definitions), context.definitions.objects.get(other)
    return found is not None and placed.get(found.service) != placed.get(definition.service)


class _Kept:
    """What each database keeps of the objects of others."""

    def __init__(self, context: Context, placed: Mapping[str, str]) -> None:
        self._context = context
        self._placed = placed
        self._known: dict[str, Mapping[str, frozenset[str]]] = {}

    def database(self, name: str) -> str | None:
        found = self._context.definitions.objects.get(name)
        return None if found is None else self._placed.get(found.service)

    def has(self, database: str, name: str, field: str) -> bool:
        """Whether a field of an object that lives elsewhere is kept."""
        if database not in self._known:
            self._known[database] = needed(
                self._context.definitions,
                lambda other: self.database(other) == database,
                self._reads,
            )
        definition = self._context.definitions.objects[name]
        own = system_fields(definition, line=name in self._context.owners)
        return field in self._known[database].get(name, ()) or field in own

    def _reads(self, name: str, source: str) -> Iterable[str]:
        if name not in self._context.definitions.objects:
            return ()
        compiled = compile_expression(source, self._context.scope(name, user=True))
        if not isinstance(compiled, Expression):
            return ()  # it has been reported
        return {path[0] for root, path in compiled.reads if root == "record"}


def _walk(
    context: Context, kept: _Kept, home: str, start: str, path: tuple[str, ...], at: Place
) -> Iterator[Missing]:
    here, current = kept.database(home), start
    link, left = ("", ""), 0
    for place, name in enumerate(path):
        there, field = kept.database(current), context.fields(current).get(name)
        if here is None or there is None or field is None:
            return
        if there != here and not kept.has(here, current, name):
            read = path[: place + 1]
            yield Missing(
                at=at, path=read, object=current, field=name, link=link, behind=read[left:]
            )
            return
        if there == here:
            link, left = (current, name), place + 1
        current = _behind(field)


def _behind(field: FieldDef) -> str:
    return field.of or (field.to[0] if len(field.to) == 1 else "")


def _check_kept(context: Context, target: str, path: str, at: Place) -> None:
    name, _, rest = path.partition(".")
    fields = context.fields(target)
    if not fields:
        return  # the link itself has been reported
    field = fields.get(name)
    if field is None:
        if not context.is_doubtful(target, name):
            context.find(CANT_BE_KEPT, at, f"`{target}` has no field `{name}`.", near(name, fields))
        return
    if field.type == "table":
        context.find(CANT_BE_KEPT, at, f"`{target}.{name}` holds rows.", "name plain fields")
    elif _is_live(context, target, name):
        message = f"`{target}.{name}` is live; the copy is as old as the record's last change."
        hint = "`snapshot: true` on it (or `stored: true` on a roll-up) makes it a value"
        context.find(CANT_BE_KEPT, at, message, hint, severity="warning")
    elif rest and not field.to:
        context.find(CANT_BE_KEPT, at, f"`{target}.{name}` leads nowhere.", "only links do")
    for behind in field.to if rest else ():
        _check_kept(context, behind, rest, at)


def _is_live(
    context: Context, name: str, field_name: str, seen: frozenset[str] = frozenset()
) -> bool:
    """Whether a field's value changes without its record being written, by itself or by another."""
    field = context.definitions.objects[name].fields.get(field_name)
    if field is None or field_name in seen or field.snapshot or field.stored:
        return False
    formula = context.expressions.get((name, ("fields", field_name, "formula")))
    if field.rollup is not None:
        return True
    if formula is None:
        return False
    return (
        formula.follows_links
        or formula.uses_clock
        or any(
            _is_live(context, name, path[0], seen | {field_name})
            for root, path in formula.reads
            if root == "record"
        )
    )
