"""Units of measure: each has a factor, and fields choose from units that there are."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef, UnitsDef

_FIELD = "object: offer\nservice: offers\nfields: {unit: {type: select, units: weight}}\n---\n"

UNKNOWN_UNITS = code(
    "OBJ0610",
    "Unknown units",
    "No document declares units of that name.",
    wrong=_FIELD + "units: weigth\nbase: kg\nfactors: {kg: 1}",
    right=_FIELD + "units: weight\nbase: kg\nfactors: {kg: 1}",
)
FACTOR = code(
    "OBJ0611",
    "Factor of a unit is not possible",
    "A factor is above zero, and that of the base unit is 1. A label is for a unit that there is.",
    wrong="units: weight\nbase: kg\nfactors: {kg: 1000, g: 0.001}",
    right="units: weight\nbase: kg\nfactors: {kg: 1, g: 0.001}",
)
UNITS_AND_OPTIONS = code(
    "OBJ0612",
    "Units and options exclude each other",
    "A `select` has either the units of `units` to choose from, or its own `options`.",
    wrong=_FIELD.replace("units: weight", "units: weight, options: [kg]")
    + "units: weight\nbase: kg\nfactors: {kg: 1}",
    right=_FIELD + "units: weight\nbase: kg\nfactors: {kg: 1}",
)


@project_check
def check_factors(context: Context) -> None:
    """Factors are above zero, and the base unit's is 1."""
    for units in context.definitions.units.values():
        for unit, factor in units.factors.items():
            at: Place = ("units", units.name, ("factors", unit))
            if factor <= 0:
                context.find(FACTOR, at, f"A factor is above zero; `{unit}` has {factor}.")
            elif unit == units.base and factor != 1:
                context.find(FACTOR, at, f"`{unit}` is the base unit, so its factor is 1.")
        for unit in units.labels:
            at = ("units", units.name, ("labels", unit))
            context.expect(FACTOR, "unit", unit, _names(units), at, key=True)


@object_check
def check_units(context: Context, definition: ObjectDef) -> None:
    """`units` of a field are declared, and leave no place for options."""
    known = context.definitions.units
    for field in definition.fields.values():
        if not field.units:
            continue
        at: Place = ("object", definition.name, ("fields", field.name, "units"))
        if any(option.factor is None for option in field.options):
            message = "`options` says nothing beside `units`."
            context.find(UNITS_AND_OPTIONS, at, message, "keep one of the two", key=True)
        else:
            context.expect(UNKNOWN_UNITS, "units", field.units, known, at)


def _names(units: UnitsDef) -> list[str]:
    return [units.base, *units.factors]
