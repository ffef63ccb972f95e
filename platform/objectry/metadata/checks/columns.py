"""Columns: what is indexed or counted by has one, and what must be filled can be."""

from objectry.findings import code
from objectry.metadata.checks.aggregates import aggregates
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.resolved import Derivation

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
