"""What a record is once it has taken in a duplicate of it: its values, and its lines.

A value means what it meant: a text goes with its translations, an amount stays in its currency, a
secret is sealed for the record it is now of. Neither of the two refers to itself by the other.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry.expressions import Value
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.model.translating import beside
from objectry.metadata.model.trees import PARENT
from objectry_runtime.command.bodies import step
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.context import Context
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record, new_line
from objectry_runtime.command.translations import translated_fields
from objectry_runtime.events.sealing import SealBroken, Subject
from objectry_runtime.events.secrets import open_secret, seal_secret
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import FieldError
from objectry_runtime.query.record import LineState, RecordState


def is_taken(field: FieldModel) -> bool:
    """Whether a record takes the field's value from another one."""
    return field.derivation is Derivation.INPUT and not field.is_table


def united(
    context: Context,
    model: ObjectModel,
    winner: RecordState,
    loser: RecordState,
    take: Sequence[str],
    errors: list[FieldError],
) -> Draft:
    """The record with what it lacks, with the fields of `take`, and with all lines."""
    values = _values(context.call, model, winner, loser, take, errors)
    pair = (loser.id, winner.id)
    led = {table: _led(context, model, winner, table, pair) for table in winner.lines}
    present = msgspec.structs.replace(winner, lines=led)
    draft = changed_record(context, model, present, {}, {}, errors, engine=values)
    draft.trusted = frozenset(values)
    for table in loser.lines:
        _append(context, draft, table, _led(context, model, loser, table, pair))
        if loser.lines[table] and _priced(context, draft, table, loser):
            message = "Its lines are in another currency."
            errors.append(FieldError("/with", "currency", message))
    return draft


def _values(
    call: Call,
    model: ObjectModel,
    winner: RecordState,
    loser: RecordState,
    take: Sequence[str],
    errors: list[FieldError],
) -> dict[str, Value]:
    """The values that are other afterwards."""
    fields = {name: field for name, field in model.fields.items() if is_taken(field)}
    own = {name: _apart(model, one, winner, loser.id) for name, one in fields.items()}
    theirs = {name: _apart(model, one, loser, loser.id, winner.id) for name, one in fields.items()}
    taken = {
        name for name in fields if theirs[name] is not None and _lacks(model, name, own, winner)
    }
    taken |= {name for name in take if theirs[name] is not None}
    for name in sorted(taken):
        source = fields[name].currency
        if source is None or source.root != "record" or source.name in taken:
            continue
        if own.get(source.name) != theirs.get(source.name):
            taken.remove(name)
            if name in take:
                message = f"The amount is in another currency: take `{source.name}` too."
                place = f"/take/{list(take).index(name)}"
                errors.append(FieldError(place, "currency", message))
    bases = {beside(name): name for name in translated_fields(model)}
    values: dict[str, Value] = {}
    for name, field in fields.items():
        mine, other = own[name], theirs[name]
        value = other if bases.get(name, name) in taken else mine
        if isinstance(mine, tuple) and isinstance(other, tuple):
            value = tuple(dict.fromkeys((*mine, *other)))
        elif field.type.sealed and isinstance(value, str) and name in taken:
            value = _resealed(call, model, name, value, loser.id, winner.id)
        if value != winner.values.get(name):
            values[name] = value
    return values


def _lacks(model: ObjectModel, name: str, own: Mapping[str, Value], winner: RecordState) -> bool:
    """Whether the record has no value of its own; to lie below nothing is a place in a tree."""
    if model.definition.tree and name == PARENT and winner.values.get(name) is None:
        return False
    return own[name] is None


def _apart(model: ObjectModel, field: FieldModel, record: RecordState, *ids: str) -> Value:
    """The field's value; of a link to the same object none of these."""
    value = record.values.get(field.name)
    if model.name not in field.definition.to:
        return value
    if isinstance(value, tuple):
        return tuple(one for one in value if one not in ids) or None
    return None if value in ids else value


def _resealed(
    call: Call, model: ObjectModel, name: str, sealed: str, before: str, after: str
) -> Value:
    """A secret sealed for another record; one that does not open is none."""
    subjects = [Subject(call.principal.tenant, model.name, id) for id in (before, after)]
    try:
        secret = open_secret(call.keyring, sealed, subjects[0], name)
    except SealBroken:
        return None
    return seal_secret(call.keyring, secret, subjects[1], name)


def _led(
    context: Context, model: ObjectModel, record: RecordState, table: str, pair: tuple[str, str]
) -> tuple[LineState, ...]:
    """The lines of a record; where they named the one that goes they name the one that stays."""
    loser, winner = pair
    fields = context.live.model.object(model.tables[table]).fields.values()
    links = [field.name for field in fields if model.name in field.definition.to]

    def led(value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(winner if one == loser else one for one in value))
        return winner if value == loser else value

    return tuple(
        msgspec.structs.replace(
            line,
            values={**line.values, **{name: led(line.values.get(name)) for name in links}},
        )
        for line in record.lines[table]
    )


def _append(context: Context, draft: Draft, table: str, lines: Sequence[LineState]) -> None:
    """Lines as they are, with their ids, behind those there are."""
    line_model = context.live.model.object(draft.model.tables[table])
    kept = frozenset(compiled(context.live, line_model).kept)
    for line in lines:
        place = step(table) + step(len(draft.lines[table]))
        row = {name: line.values.get(name) for name in kept} | {"id": line.id}
        draft.lines[table].append(new_line(context, line_model, row, draft, place, kept))


def _priced(context: Context, draft: Draft, table: str, loser: RecordState) -> bool:
    """Whether lines of the other record hold amounts that would be in another currency here."""
    sources = (
        field.currency
        for field in context.live.model.object(draft.model.tables[table]).fields.values()
    )
    return any(
        source.root == "parent" and draft.value(source.name) != loser.values.get(source.name)
        for source in sources
        if source is not None
    )
