"""Stored formulas are what their recomputation gives, rounded as a write rounds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from objectry.expressions import Env, Value, evaluator
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.currencies import is_currency, minor_units
from objectry.values.numbers import quantise
from objectry_runtime.host.live import Live
from objectry_runtime.services.verification.stored import Stored, read_stored
from objectry_runtime.services.verification.view import View

Report = Callable[[str, str, str, str], None]
Formula = tuple[FieldModel, Callable[[Env], Value]]


def formulas_equal_recomputation(view: View, report: Report) -> int:
    """Recompute every stored formula from what is stored beside it. Counts values."""
    counted = 0
    formulas: dict[str, list[Formula]] = {}
    for name in view.own_objects:
        model = view.live.model.object(name)
        if model.is_line:
            continue
        family = [model, *(view.live.model.object(line) for line in model.tables.values())]
        for one in family:
            formulas[one.name] = list(_formulas(one))
        if not any(formulas[one.name] for one in family):
            continue
        for tenant, record in read_stored(view, model):
            lines = [line for rows in record.lines.values() for line in rows]
            for frame in (record, *lines):
                for field, evaluate in formulas[frame.model.name]:
                    counted += 1
                    wanted = _recomputed(view.live, field, evaluate, frame)
                    found = frame.get((field.name,))
                    if wanted != found:
                        place = "" if frame is record else f"line {frame.id}: "
                        message = f"{place}{field.name} is {found}, its formula gives {wanted}"
                        report(name, tenant, record.id, message)
    return counted


def _formulas(model: ObjectModel) -> Iterator[Formula]:
    for field in model.fields.values():
        if field.derivation is Derivation.STORED and field.formula is not None:
            yield field, evaluator(field.formula.tree)


def _recomputed(
    live: Live, field: FieldModel, evaluate: Callable[[Env], Value], frame: Stored
) -> Value:
    # A stored formula can't read the clock; the environment has one all the same.
    now = datetime.now(UTC)
    value = evaluate(Env(record=frame, user={}, old=None, today=now.date(), now=now))
    if not isinstance(value, Decimal):
        return value
    match field.type.storage:
        case StorageClass.INTEGER:
            return quantise(value, 0)
        case StorageClass.NUMERIC:
            company = live.settings.get("company", {})
            half_even = field.currency is not None and company.get("rounding") == "half_even"
            return quantise(value, _places(live, field, frame), half_even=half_even)
        case _:
            return value


def _places(live: Live, field: FieldModel, frame: Stored) -> int:
    if field.scale is not None:
        return field.scale
    source = field.currency
    if source is None:
        return 0
    code: Value = None
    match source.root:
        case "code":
            code = source.name
        case "record":
            code = frame.get((source.name,))
        case "parent" if frame.parent is not None:
            code = frame.parent.get((source.name,))
        case _:
            pass
    if not (isinstance(code, str) and is_currency(code)):
        code = str(live.settings.get("company", {}).get("currency", "EUR"))
    return minor_units(code)
