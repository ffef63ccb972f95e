"""Bodies of a story's steps: they name fields there are, with values those take."""

import re
from collections.abc import Iterable, Mapping

from objectry.findings import code, near, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD
from objectry.metadata.checks.values import check_settable
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.types import type_of
from objectry.metadata.types.refusal import Refused
from objectry.metadata.types.use import Use

UNKNOWN_RECORD = code(
    "OBJ0664",
    "Reference to a record that the story doesn't know",
    "In a body `$alias` is the id of a record that an earlier step named with `as`, and "
    "`$alias.field` a value of it; a text that begins with a dollar sign is written `$$…`.",
    wrong="scenario: names\ngiven: [{create: customer, values: {name: $acme}}]",
    right="scenario: names\ngiven: [{create: customer, values: {name: $$acme}}]",
)
VALUE_REFUSED = code(
    "OBJ0665",
    "Value that the field doesn't take",
    "The step would be refused for it. A step that shall be refused stands under `rejects`.",
    wrong="scenario: names\ngiven: [{create: customer, values: {name: 5}}]",
    right=(
        "scenario: names\nwhen:\n"
        "  - {rejects: {create: customer, values: {name: 5}}, code: type, field: /name}"
    ),
)
Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

_REFERENCE = re.compile(r"\$([^$.][^.]*)(?:\.([^.]+))?")


def check_body(
    context: Context,
    definition: ObjectDef | None,
    values: Mapping[str, Json],
    at: Place,
    aliases: Mapping[str, str],
) -> None:
    """Report what a body can't hold; without a definition only what it refers to is looked at.

    `aliases` are the objects of the records that are known by then.
    """
    kind, name, path = at
    for key, value in values.items():
        place = (kind, name, (*path, key))
        field = None
        if definition is not None:
            known = context.fields(definition.name).get(key)
            field = known if known and known.type == "table" else None
            if field is None:
                field = check_settable(context, definition, key, place)
        if field is not None and field.type == "table" and isinstance(value, list):
            line = context.definitions.objects.get(field.of)
            for index, row in enumerate(value):
                if isinstance(row, dict):
                    # By its id an existing row is named, to stay or to be changed.
                    said = {part: each for part, each in row.items() if part != "id"}
                    there = (*path, key, index)
                    _check_references(context, row.get("id"), (kind, name, (*there, "id")), aliases)
                    check_body(context, line, said, (kind, name, there), aliases)
        elif not _check_references(context, value, place, aliases) and field is not None:
            _check_value(context, field, value, place)


def _check_references(context: Context, value: Json, at: Place, aliases: Mapping[str, str]) -> bool:
    """Whether the value refers to a record; what is unknown there is reported."""
    kind, name, path = at
    if isinstance(value, list | dict):
        items: Iterable[tuple[str | int, Json]] = (
            value.items() if isinstance(value, dict) else enumerate(value)
        )
        found = [
            _check_references(context, item, (kind, name, (*path, key)), aliases)
            for key, item in items
        ]
        return any(found)
    if not isinstance(value, str) or not (match := _REFERENCE.match(value)):
        return False
    alias, field = match[1], match[2]
    if alias not in aliases:
        message = f"No step before this one made `{alias}`."
        context.find(UNKNOWN_RECORD, at, message, near_or_all(alias, aliases))
    elif field and aliases[alias] in context.definitions.objects:
        fields = context.fields(aliases[alias])
        if field not in fields and not context.is_doubtful(aliases[alias], field):
            message = f"`{aliases[alias]}` has no field `{field}`."
            context.find(UNKNOWN_FIELD, at, message, near(field, fields))
    return True


def _check_value(context: Context, field: FieldDef, value: Json, at: Place) -> None:
    """The value is one that the field's type reads."""
    type_ = type_of(field)
    if type_ is None or value is None or field.type == "table":
        return
    scale = type_.scale if field.scale is None else field.scale
    try:
        type_.reader(Use(options=field, scale=scale))(value)
    except Refused as refused:
        context.find(VALUE_REFUSED, at, f"`{field.name}`: {refused.message}")
