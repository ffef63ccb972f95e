"""Numbers: whole, decimal, money, percent. Every one is exact."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import ClassVar

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader
from objectry.metadata.types.limits import (
    INTEGER_MAX,
    INTEGER_MIN,
    entered_digits,
    integer_digits,
    places,
)
from objectry.metadata.types.number_readers import compile_integer, compile_number
from objectry.metadata.types.storage import ORDERED, StorageClass
from objectry.metadata.types.use import Reference, Rule, Schema, Use

_KEYS = frozenset({"min", "max", "precision", "scale"})


class WholeNumber(FieldType):
    """A whole number of 64 bits."""

    name = "integer"
    summary = "A whole number."
    storage = StorageClass.INTEGER
    kind = Kind.NUMBER
    operators = ORDERED
    widget = "number"
    keys: ClassVar[frozenset[str]] = frozenset({"min", "max"})
    scale = 0
    examples: ClassVar[tuple[object, ...]] = (12, -3)
    mistakes: ClassVar[tuple[object, ...]] = ("12", Decimal("1.5"), True, 2**63)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A JSON number without places."""
        del required
        return {"type": "integer", **_range(use, INTEGER_MIN, INTEGER_MAX)}

    def reader(self, use: Use) -> Reader:
        """Reads `5` or `5.0`."""
        return compile_integer(use)


class DecimalNumber(FieldType):
    """A decimal number; in JSON a text with all places of its scale."""

    name = "decimal"
    summary = "An exact decimal number."
    storage = StorageClass.NUMERIC
    kind = Kind.NUMBER
    operators = ORDERED
    widget = "number"
    keys: ClassVar[frozenset[str]] = _KEYS
    scale: ClassVar[int | None] = 6
    examples: ClassVar[tuple[object, ...]] = ("2.500000",)
    mistakes: ClassVar[tuple[object, ...]] = ("2,5", "1e3", "NaN", True, "0.0000001")

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """All places are shown."""
        del reference
        return {"type": "string", "pattern": _shown(use)}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A text, or a JSON number."""
        del required
        return {
            "type": ["string", "number"],
            "pattern": _written(use),
            **_range(use, None, None),
        }

    def reader(self, use: Use) -> Reader:
        """Reads the exact number, never rounded."""
        return compile_number(use)

    def rules(self, use: Use, column: str) -> Iterator[Rule]:
        """Hold a number to its decimal places and digits.

        A fixed scale is held exactly, so that the stored text shows all places; NaN and Infinity
        are greater than any bound.
        """
        behind, before = places(use), integer_digits(use)
        if use.scale is not None:
            yield Rule(f"scale_{behind}", f'scale("{column}") = {behind}')
        else:
            yield Rule(f"scale_max_{behind}", f'scale("{column}") <= {behind}')
        yield Rule(f"digits_{before}", f'abs("{column}") < 1e{before}::numeric')


class Percent(DecimalNumber):
    """A percentage."""

    name = "percent"
    summary = "A percentage: 19 means 19 %."
    widget = "percent"
    scale = 4
    examples = ("19.0000",)
    mistakes = ("19 %", "0.00001")


def _range(use: Use, least: int | None, most: int | None) -> Schema:
    bounds: Schema = {}
    low, high = use.options.min, use.options.max
    if low is not None or least is not None:
        bounds["minimum"] = least if low is None else _whole(low, ROUND_FLOOR)
    if high is not None or most is not None:
        bounds["maximum"] = most if high is None else _whole(high, ROUND_CEILING)
    for name, bound in (("x-minimum", low), ("x-maximum", high)):
        if bound is not None and bound != bound.to_integral_value():
            bounds[name] = str(bound)
    return bounds


def _whole(bound: Decimal, rounding: str) -> int:
    """The next whole number outside: a float would not be exact, and the codec is."""
    return int(bound.to_integral_value(rounding))


def _shown(use: Use) -> str:
    if use.scale is None:
        return r"^-?[0-9]+(\.[0-9]+)?$"
    return r"^-?[0-9]+$" if use.scale == 0 else rf"^-?[0-9]+\.[0-9]{{{use.scale}}}$"


def _written(use: Use) -> str:
    behind, before = places(use), entered_digits(use)
    whole = f"[0-9]{{1,{before}}}" if before else "0"
    fraction = f"[0-9]{{1,{behind}}}0{{0,9}}" if behind else "0{1,9}"
    return rf"^-?0{{0,9}}{whole}(\.{fraction})?$"
