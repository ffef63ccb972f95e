"""Numbering: patterns that make numbers that differ, over fields that can be counted by."""

import re

from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD, UNKNOWN_TRANSITION, WRONG_FIELD
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef, SequenceDef
from objectry.metadata.model.documents import NumberingDef
from objectry.metadata.model.system import is_drawn

UNKNOWN_SEQUENCE = code(
    "OBJ0317",
    "Unknown sequence",
    "No document declares a sequence of that name.",
    wrong="object: offer\nservice: offers\nnumbering: offer_numbers",
    right=(
        "object: offer\nservice: offers\nnumbering: offer_numbers\n"
        "---\nsequence: offer_numbers\npattern: 'OF-{seq}'"
    ),
)
NUMBER_PATTERN = code(
    "OBJ0350",
    "Number pattern",
    "A pattern has one running number, `{seq}` or `{seq:05}` with leading zeros, and may have "
    "`{year}`, `{month}`, `{day}` and the fields of `scope`, or of what they link to "
    "(`{company.code}`). Other braces mean nothing.",
    wrong="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{number}'}",
    right="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{seq}'}",
)
NUMBERS_REPEAT = code(
    "OBJ0351",
    "Numbers would repeat",
    "With `reset: year` the count starts again at 1 every year, with a `scope` for every value of "
    "its fields. So `{year}`, and each field of the scope, has to be in the pattern. What stands "
    "for a link there (`{company.code}`) is a field that no two records share: `unique: true`.",
    wrong="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{seq}', reset: year}",
    right="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{year}-{seq}', reset: year}",
)

_PLACEHOLDER = re.compile(r"\{[^{}]*\}?|\}")
_PATH = re.compile(r"\{([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\}")
_KNOWN_PLACEHOLDER = re.compile(r"\{(seq(:0?[1-9][0-9]?)?|year|month|day)\}")


LINE_DRAWS = code(
    "OBJ0580",
    "A line draws no number",
    "A number is drawn when a record is made. Lines are made and taken out with their record: "
    "their place says which they are.",
    wrong=(
        "object: offer\nservice: offers\nfields: {lines: {type: table, of: offer_line}}\n"
        "---\nobject: offer_line\nservice: offers\n"
        "fields: {ticket: {type: autonumber, pattern: 'T-{seq}'}}"
    ),
    right=(
        "object: offer\nservice: offers\nfields: {ticket: {type: autonumber, pattern: 'T-{seq}'}}"
    ),
)


@object_check
def check_numbering(context: Context, definition: ObjectDef) -> None:
    """A number has a pattern, a scope of own fields, a date field, a moment."""
    numbering = definition.numbering
    if numbering is None:
        return
    path: Path = ("numbering",)
    shared = None
    if numbering.sequence:
        at: Place = ("object", definition.name, (*path, "sequence"))
        sequences = context.definitions.sequences
        if not context.expect(UNKNOWN_SEQUENCE, "sequence", numbering.sequence, sequences, at):
            return
        shared = sequences[numbering.sequence]
        for name in () if numbering.scope else shared.scope:
            context.expect_field(UNKNOWN_FIELD, definition.name, name, at)
    elif not numbering.pattern:
        at = ("object", definition.name, (*path, "pattern"))
        context.find(NUMBER_PATTERN, at, "Numbering needs a `pattern` or a `sequence`.", "'{seq}'")
    scope = numbering.scope or (shared.scope if shared else ())
    _check_pattern(context, numbering.pattern, scope, ("object", definition.name, path))
    if numbering.pattern or numbering.scope or numbering.reset == "year":
        pattern = numbering.pattern or (shared.pattern if shared else "")
        yearly = "year" in (numbering.reset, shared.reset if shared else "")
        _check_repeats(context, pattern, scope, yearly, ("object", definition.name, path))
    _check_paths(context, definition, numbering, shared, scope)
    _check_fields(context, definition, numbering)
    _check_moment(context, definition, numbering)


def _check_paths(
    context: Context,
    definition: ObjectDef,
    numbering: NumberingDef,
    shared: SequenceDef | None,
    scope: tuple[str, ...],
) -> None:
    """What a pattern names behind a link of the scope is there, and tells the records apart."""
    pattern = numbering.pattern or (shared.pattern if shared else "")
    key = "pattern" if numbering.pattern else "sequence"
    at: Place = ("object", definition.name, ("numbering", key))
    for link, name in _PATH.findall(pattern):
        own = context.fields(definition.name).get(link)
        if link not in scope or own is None:
            continue  # reported as a placeholder that means nothing, or as a field that isn't there
        if own.type != "link" or len(own.to) != 1:
            context.find(WRONG_FIELD, at, f"`{link}` does not link to one object.")
            continue
        field = context.expect_field(UNKNOWN_FIELD, own.to[0], name, at)
        if field is not None and not field.unique and name not in ("id", "number"):
            message = f"Two records of `{own.to[0]}` may have the same `{name}`."
            context.find(NUMBERS_REPEAT, at, message, f"make `{own.to[0]}.{name}` unique")


@object_check
def check_autonumbers(context: Context, definition: ObjectDef) -> None:
    """A further number has a pattern, and a record that draws it."""
    for field in definition.fields.values():
        if not is_drawn(field):
            continue
        path: Path = ("fields", field.name)
        _check_pattern(context, field.pattern or "", (), ("object", definition.name, path))
        if definition.name in context.owners:
            at: Place = ("object", definition.name, (*path, "type"))
            message = f"`{definition.name}` is a line: only whole records draw numbers."
            context.find(LINE_DRAWS, at, message, "put the field into the record that owns it")


def _check_fields(context: Context, definition: ObjectDef, numbering: NumberingDef) -> None:
    name = definition.name
    for index, field_name in enumerate(numbering.scope):
        at: Place = ("object", name, ("numbering", "scope", index))
        field = context.expect_field(UNKNOWN_FIELD, name, field_name, at)
        if field is not None and (field.type == "table" or field_name == "number"):
            context.find(WRONG_FIELD, at, f"Numbers can't be counted by `{field_name}`.")
    if numbering.date:
        at = ("object", name, ("numbering", "date"))
        field = context.expect_field(UNKNOWN_FIELD, name, numbering.date, at)
        if field is not None and field.type not in ("date", "datetime", ""):
            context.find(WRONG_FIELD, at, f"`{numbering.date}` is no date field.")


def _check_moment(context: Context, definition: ObjectDef, numbering: NumberingDef) -> None:
    at: Place = ("object", definition.name, ("numbering", "at"))
    transitions = definition.workflow.transitions if definition.workflow else {}
    known = ["create", *transitions]
    if numbering.at in known:
        return
    if not context.positions.is_broken("object", definition.name, ("workflow",)):
        message = f"There is no transition `{numbering.at}` to draw the number at."
        context.find(UNKNOWN_TRANSITION, at, message, near_or_all(numbering.at, known))


@project_check
def check_sequences(context: Context) -> None:
    """A sequence's pattern makes numbers that differ."""
    for sequence in context.definitions.sequences.values():
        _check_sequence(context, sequence)


def _check_sequence(context: Context, sequence: SequenceDef) -> None:
    at: Place = ("sequence", sequence.name, ())
    _check_pattern(context, sequence.pattern, sequence.scope, at)
    _check_repeats(context, sequence.pattern, sequence.scope, sequence.reset == "year", at)


def _check_pattern(context: Context, pattern: str, scope: tuple[str, ...], at: Place) -> None:
    """The pattern's placeholders mean something; `at` is where its mapping stands."""
    if not pattern:
        return
    place: Place = (at[0], at[1], (*at[2], "pattern"))
    for found in _PLACEHOLDER.finditer(pattern):
        text = found.group()
        path = _PATH.fullmatch(text)
        named = path[1] if path else text[1:-1]
        if not _KNOWN_PLACEHOLDER.fullmatch(text) and named not in scope:
            message = f"`{text}` means nothing in a number pattern."
            fields = "".join(f", {{{name}}}" for name in scope)
            hint = f"possible: {{seq}}, {{seq:05}}, {{year}}, {{month}}, {{day}}{fields}"
            context.find(NUMBER_PATTERN, place, message, hint, offset=found.start())
    if len(re.findall(r"\{seq[:}]", pattern)) != 1:
        message = f"The pattern `{pattern}` needs the running number once."
        context.find(NUMBER_PATTERN, place, message, "write {seq} or {seq:05}")


def _check_repeats(
    context: Context, pattern: str, scope: tuple[str, ...], yearly: bool, at: Place
) -> None:
    """Two counts never give the same number."""
    kind, name, path = at
    if yearly and pattern and "{year}" not in pattern:
        message = "With a yearly reset the pattern needs `{year}`."
        context.find(NUMBERS_REPEAT, (kind, name, (*path, "reset")), message)
    for index, field in enumerate(scope):
        if pattern and not re.search(rf"\{{{field}[.}}]", pattern):
            message = f"Each `{field}` has a count of its own, so the pattern needs `{{{field}}}`."
            context.find(NUMBERS_REPEAT, (kind, name, (*path, "scope", index)), message)
