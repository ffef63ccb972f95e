"""How a field of a record being written gets its value: one closure per field, made once."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from objectry.expressions import Env, Expression, Value, evaluator
from objectry.expressions.tree import Literal
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.currencies import is_currency, minor_units
from objectry.values.numbers import ZERO, has_places, quantise
from objectry_runtime.command.settling import document, sealed
from objectry_runtime.host.live import Live
from objectry_runtime.problems import Problem

if TYPE_CHECKING:
    from objectry_runtime.command.draft import Draft

COMPANY_CURRENCY = "EUR"
_NOT_DIRECT = (StorageClass.NUMERIC, StorageClass.INTEGER, StorageClass.JSONB)

Complete = Callable[["Draft"], Value]
Round = Callable[["Draft", Value], Value]


def completer(live: Live, model: ObjectModel, field: FieldModel) -> Complete:
    """What gives the field its value, asked once per record."""
    if field.is_rollup:
        return _rollup(live, field)
    match field.derivation:
        case Derivation.SYSTEM:
            return lambda draft: draft.given.get(field.name)
        case Derivation.INPUT if field.type.sealed:
            return sealed(field)
        case Derivation.INPUT if field.type.storage is StorageClass.JSONB:
            return document(field)
        case Derivation.INPUT:
            return _input(live, field)
        case Derivation.COMPUTED:
            return _computed(live, model, field)
        case Derivation.SNAPSHOT:
            return _snapshot(live, model, field)
        case _:
            return _formula(live, field)


def is_direct(field: FieldModel) -> bool:
    """Whether what is given for a field is its value as it stands: nothing to ask, or to round."""
    if field.derivation is Derivation.SYSTEM:
        return True
    return (
        field.derivation is Derivation.INPUT
        and field.when is None
        and not field.type.sealed
        and field.type.storage not in _NOT_DIRECT
    )


def places_of(live: Live, field: FieldModel) -> Callable[["Draft"], int]:
    """How many decimal places a number field of a record has."""
    if field.scale is not None:
        scale = field.scale
        return lambda draft: scale
    if field.currency is None:
        return lambda draft: 0
    currency = currency_of(live, field)
    return lambda draft: minor_units(currency(draft))


def currency_of(live: Live, field: FieldModel) -> Callable[["Draft"], str]:
    """The currency of a money field of a record."""
    company = company_currency(live)
    source = field.currency
    root, name = (source.root, source.name) if source else ("company", "")
    if root == "code":
        code = name if is_currency(name) else company
        return lambda draft: code
    if root == "company":
        return lambda draft: company

    def currency(draft: "Draft") -> str:
        holder = draft if root == "record" else draft.owner
        said = holder.value(name) if holder is not None else None
        return said if isinstance(said, str) and is_currency(said) else company

    return currency


def company_currency(live: Live) -> str:
    """The currency of money that nothing nearer says it of."""
    return str(live.settings.get("company", {}).get("currency", COMPANY_CURRENCY))


def exceeds(value: Decimal, places: int) -> bool:
    """Whether a number has more decimal places than it may (zeros at the end don't count)."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "NaN and Infinity don't come this far"
    return -exponent > places and value != round(value, places)


def _rounding(live: Live, field: FieldModel) -> Round:
    """Rounds what is no text to the places of the field: of the currency, where it decides."""
    if field.type.storage not in (StorageClass.NUMERIC, StorageClass.INTEGER):
        return lambda draft, value: value
    company = live.settings.get("company", {})
    half_even = field.currency is not None and company.get("rounding") == "half_even"
    places = places_of(live, field)

    def rounded(draft: "Draft", value: Value) -> Value:
        if not isinstance(value, Decimal):
            return value
        return quantise(value, places(draft), half_even=half_even)

    return rounded


def _input(live: Live, field: FieldModel) -> Complete:
    name, when, default = field.name, field.when, field.default
    condition = evaluator(when.tree) if when is not None else None
    fill = evaluator(default.tree) if default is not None else None
    rounded, places = _rounding(live, field), places_of(live, field)
    by_currency = field.currency is not None and field.scale is None
    constant = default is not None and isinstance(default.tree, Literal) and not by_currency
    known: list[Value] = []  # what a constant default gives, once it was asked for

    def complete(draft: "Draft") -> Value:
        if condition is not None and condition(draft.env) is not True:
            return None
        if name in draft.given:
            value = draft.given[name]
            if not isinstance(value, Decimal):
                return value
            if name in draft.trusted:
                return rounded(draft, value)
            allowed = places(draft)
            if has_places(value, allowed) or exceeds(value, allowed):
                return value  # what has too many places stays so, and is told
            return rounded(draft, value)  # "119" of euros is 119.00
        if fill is None or not draft.fresh:
            return None
        draft.defaulted.add(name)
        if known:
            return known[0]
        value = rounded(draft, fill(draft.env))
        if constant:
            known.append(value)
        return value

    return complete


def _formula(live: Live, field: FieldModel) -> Complete:
    evaluate, rounded = _evaluating(field.formula, field), _rounding(live, field)
    return lambda draft: rounded(draft, evaluate(draft.env))


def _rollup(live: Live, field: FieldModel) -> Complete:
    name, rollup, rounded = field.name, field.definition.rollup, _rounding(live, field)
    nothing = ZERO if rollup is not None and rollup.op in ("count", "sum") else None

    def complete(draft: "Draft") -> Value:
        # What the database said before the write; to a record that is being made nothing links.
        return rounded(draft, nothing) if draft.old is None else draft.old.get(name)

    return complete


def _snapshot(live: Live, model: ObjectModel, field: FieldModel) -> Complete:
    anew, name = _formula(live, field), field.name
    assert field.formula is not None, "a snapshot has a formula"
    reads = live.model.reads(model.name, field.formula)

    def moved(draft: "Draft") -> bool:
        """Whether something of the record that the snapshot reads is other than it was.

        What lies behind a link may change as it likes: the snapshot holds what was there when the
        record last pointed at something else.
        """
        for root, path in reads:
            at = draft.owner if root == "parent" else draft
            if root not in ("record", "parent") or at is None:
                continue
            if at.old is None or path[0] in at.model.tables:
                return True
            if at.value(path[0]) != at.old.get(path[0]):
                return True
        return False

    def complete(draft: "Draft") -> Value:
        if draft.old is not None and not moved(draft):
            return draft.old.get(name)
        return anew(draft)

    return complete


def _computed(live: Live, model: ObjectModel, field: FieldModel) -> Complete:
    places, rounded = places_of(live, field), _rounding(live, field)

    def complete(draft: "Draft") -> Value:
        if not (draft.owner or draft).sound:
            return None
        # Asked for when it is needed: a release whose plugin is missing serves everything else.
        function = live.computed(field.definition.computed, model.name, field.name)
        try:
            found = function(draft, places=places(draft), today=draft.context.call.today)
        except Problem as problem:
            # Told only where nothing is wrong with the record: else that may be the cause.
            draft.context.failures.append(problem)
            return None
        return rounded(draft, found)

    return complete


def _evaluating(expression: Expression | None, field: FieldModel) -> Callable[[Env], Value]:
    assert expression is not None, f"{field.name} has a formula"
    return evaluator(expression.tree)
