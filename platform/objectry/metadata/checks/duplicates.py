"""Duplicates: what is compared is text that lies in a column."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.types import StorageClass

NOT_COMPARABLE = code(
    "OBJ0720",
    "Field can't tell duplicates",
    "Duplicates are found by texts that lie in a column: names, numbers of identity, addresses. "
    "Not by formulas, and not by what is no text.",
    wrong=(
        "object: firm\nservice: offers\nfields: {name: {type: text}, active: {type: boolean}}\n"
        "duplicates: {match: [{field: active, score: 100}]}"
    ),
    right=(
        "object: firm\nservice: offers\nfields: {name: {type: text}, active: {type: boolean}}\n"
        "duplicates: {match: [{field: name, score: 100}]}"
    ),
)
NO_MERGE = code(
    "OBJ0721",
    "Object whose records can't be merged",
    "Lines are merged with the records that own them, and there is one record of settings. What is "
    "merged (`events: {merged: …}`) has `duplicates`.",
    wrong=(
        "object: firm\nservice: offers\nsingle: true\nfields: {name: {type: text}}\n"
        "duplicates: {match: [{field: name, score: 100}]}"
    ),
    right=(
        "object: firm\nservice: offers\nfields: {name: {type: text}}\n"
        "duplicates: {match: [{field: name, score: 100}]}"
    ),
)
OUT_OF_REACH = code(
    "OBJ0722",
    "Threshold that no records reach",
    "All scores together are less than the threshold, so no two records are ever duplicates.",
    wrong=(
        "object: firm\nservice: offers\nfields: {name: {type: text}}\n"
        "duplicates: {threshold: 90, match: [{field: name, score: 60}]}"
    ),
    right=(
        "object: firm\nservice: offers\nfields: {name: {type: text}}\n"
        "duplicates: {threshold: 60, match: [{field: name, score: 60}]}"
    ),
)

SEALED_LINK = code(
    "OBJ0723",
    "Sensitive link to records that are merged",
    "A merge leads every link along, in the past of each record too; what history keeps of a "
    "sensitive field is sealed with the record's own key.",
    wrong=(
        "object: firm\nservice: offers\nfields: {name: {type: text}}\n"
        "duplicates: {match: [{field: name, score: 100}]}\n---\n"
        "object: offer\nservice: offers\n"
        "fields: {firm: {type: link, to: firm, sensitive: true}}"
    ),
    right=(
        "object: firm\nservice: offers\nfields: {name: {type: text}}\n"
        "duplicates: {match: [{field: name, score: 100}]}\n---\n"
        "object: offer\nservice: offers\nfields: {firm: {type: link, to: firm}}"
    ),
)


@object_check
def check_links(context: Context, definition: ObjectDef) -> None:
    """No sensitive link leads to what may be merged."""
    for field in definition.fields.values():
        at: Place = ("object", definition.name, ("fields", field.name, "sensitive"))
        targets = (context.definitions.objects.get(name) for name in field.to)
        merged = [one.name for one in targets if one is not None and one.duplicates is not None]
        if field.sensitive and merged:
            context.find(SEALED_LINK, at, f"Records of `{merged[0]}` may be merged.", "remove it")


@object_check
def check_duplicates(context: Context, definition: ObjectDef) -> None:
    """What is compared can be, and the threshold can be reached."""
    at: Place = ("object", definition.name, ("events", "merged"))
    own = definition.duplicates
    if own is None:
        if "merged" in definition.events:
            hint = "declare what makes two records the same"
            context.find(NO_MERGE, at, "Nothing merges without `duplicates`.", hint, key=True)
        return
    at = ("object", definition.name, ("duplicates",))
    if definition.single or definition.name in context.owners:
        context.find(NO_MERGE, at, "Settings and lines are never merged.", key=True)
    total = sum(match.score for match in own.match)
    if own.match and total < own.threshold:
        message = f"All scores together are {total}, the threshold is {own.threshold}."
        context.find(OUT_OF_REACH, at, message, key=True)
    for index, match in enumerate(own.match):
        place: Place = ("object", definition.name, ("duplicates", "match", index, "field"))
        if match.by == "words" and "." in match.field:
            hint = "compare them by `same`"
            context.find(NOT_COMPARABLE, place, "Lines have no words to compare.", hint)
        else:
            _check_field(context, definition, match.field, place)


def _check_field(context: Context, definition: ObjectDef, path: str, at: Place) -> None:
    table, _, name = path.rpartition(".")
    owner = definition.name
    if table:
        rows = context.expect_field(UNKNOWN_FIELD, owner, table, at)
        if rows is None:
            return
        if rows.type != "table":
            context.find(NOT_COMPARABLE, at, f"`{table}` is no table.", "as in `contacts.email`")
            return
        if rows.of not in context.definitions.objects:
            return  # reported at the table
        owner = rows.of
    field = context.expect_field(UNKNOWN_FIELD, owner, name, at)
    if field is not None and not _comparable(context, field):
        context.find(NOT_COMPARABLE, at, f"`{path}` is no text of its own.")


def _comparable(context: Context, field: FieldDef) -> bool:
    type_ = context.type_of(field)
    stored = field.formula is None and not field.computed and not field.lookup and not field.rollup
    return type_ is None or (type_.storage is StorageClass.TEXT and stored)
