"""A scope of several records by name: `o.gross_total == i.gross_total`, `count(o.lines) == 2`."""

from collections.abc import Callable, Iterable, Mapping

from objectry.expressions.types import ExprType, Kind, Scope


class Records:
    """A `Scope` whose names are whole records; the lines of each can be aggregated."""

    def __init__(self, objects: Mapping[str, str], find: Callable[[str], Scope | None]) -> None:
        """`objects` has the object of each record by its name; `find` the scope of an object."""
        self._objects = objects
        self._find = find

    def field(self, name: str) -> ExprType | None:
        """A record, as a link to it."""
        found = self._objects.get(name)
        return None if found is None else ExprType(Kind.LINK, found)

    def names(self) -> Iterable[str]:
        """The names of the records."""
        return self._objects

    def follow(self, object_name: str) -> Scope | None:
        """The scope of an object."""
        return self._find(object_name)

    def record(self, name: str) -> Scope | None:
        """The scope of the record of a name."""
        found = self._objects.get(name)
        return None if found is None else self._find(found)

    @property
    def parent(self) -> Scope | None:
        """Nothing owns them."""
        return None

    def variable(self, name: str) -> dict[str, ExprType] | None:
        """There is no other root beside them."""
        return None
