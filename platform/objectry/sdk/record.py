"""The record a plugin's function sees: the values it declared to read, and nothing that lives."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast


class Record:
    """A read-only record: fields are attributes, table fields tuples of records.

    In a test make one from plain values: `Record({"lines": [{"net_amount": Decimal("9.99")}]})`.
    """

    __slots__ = ("_about", "_values")

    _about: str
    _values: dict[str, object]

    def __init__(self, values: Mapping[str, object], about: str = "record") -> None:
        """`about` says in errors what this is; mappings and sequences of them become records."""
        object.__setattr__(self, "_about", about)
        object.__setattr__(
            self,
            "_values",
            {name: _wrap(value, f"{about}.{name}") for name, value in values.items()},
        )

    # Which fields there are is known to the definitions, not to the type checker, hence `Any`.
    def __getattr__(self, name: str) -> Any:
        """The value of a field; AttributeError names the fields that were declared."""
        if name.startswith("_"):  # no field's name; tools ask for such before there are values
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(
                f"{self._about} has no {name!r} here: the fields declared in `reads` are {known}"
            ) from None

    def __setattr__(self, name: str, value: object) -> None:
        """Refused: a computed field returns its value, it changes nothing."""
        raise AttributeError(f"{self._about} is read-only: {name!r} can't be set")

    def __delattr__(self, name: str) -> None:
        """Refused, as setting is."""
        raise AttributeError(f"{self._about} is read-only: {name!r} can't be removed")

    def __iter__(self) -> Iterator[str]:
        """The names of the fields."""
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        """Records are equal when their values are."""
        return isinstance(other, Record) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # compared by value, like a dict

    def __repr__(self) -> str:
        """The values, for a failing test."""
        inner = ", ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"Record({inner})"


def _wrap(value: object, about: str) -> object:
    match value:
        # A pattern can't say what a mapping or a sequence holds: names of fields, and values.
        case Mapping():
            return Record(cast("Mapping[str, object]", value), about)
        case str() | bytes():
            return value
        case Sequence():
            return tuple(_wrap(item, about) for item in cast("Sequence[object]", value))
        case _:
            return value
