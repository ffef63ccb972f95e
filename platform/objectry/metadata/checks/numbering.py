"""Numbering: patterns that make numbers that differ, over fields that can be counted by."""

import re

from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD, UNKNOWN_TRANSITION, WRONG_FIELD
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import NumberingDef, ObjectDef, SequenceDef

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
    "`{year}`, `{month}`, `{day}` and the fields of `scope`. Other braces mean nothing.",
    wrong="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{number}'}",
    right="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{seq}'}",
)
NUMBERS_REPEAT = code(
    "OBJ0351",
    "Numbers would repeat",
    "With `reset: year` the count starts again at 1 every year, with a `scope` for every value of "
    "its fields. So `{year}`, and each field of the scope, has to be in the pattern.",
    wrong="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{seq}', reset: year}",
    right="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{year}-{seq}', reset: year}",
)

_PLACEHOLDER = re.compile(r"\{[^{}]*\}?|\}")
_KNOWN_PLACEHOLDER = re.compile(r"\{(seq(:0?[1-9][0-9]?)?|year|month|day)\}")


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
    _check_fields(context, definition, numbering)
    _check_moment(context, definition, numbering)


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
        if not _KNOWN_PLACEHOLDER.fullmatch(text) and text[1:-1] not in scope:
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
        if pattern and f"{{{field}}}" not in pattern:
            message = f"Each `{field}` has a count of its own, so the pattern needs `{{{field}}}`."
            context.find(NUMBERS_REPEAT, (kind, name, (*path, "scope", index)), message)
