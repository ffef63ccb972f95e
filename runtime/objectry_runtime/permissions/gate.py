"""The names that a caller's expression may use: what is hidden is as unknown as a typo."""

from collections.abc import Iterable

from objectry.expressions.types import ExprType, Kind, Scope
from objectry_runtime.host.live import Live
from objectry_runtime.permissions.compiled import policy


class GatedScope:
    """A Scope over the fields the roles may filter by, hop by hop.

    A field that may be used for some records only is known here; the frame that renders the
    expression makes it null elsewhere.
    """

    def __init__(self, scope: Scope, live: Live, object_name: str, roles: frozenset[str]) -> None:
        self._scope = scope
        self._live = live
        self._object = object_name
        self._roles = roles
        self._policy = policy(live, object_name, roles)

    def field(self, name: str) -> ExprType | None:
        """The type of a field the roles may filter by."""
        found = self._scope.field(name)
        if found is None or self._policy.field(name, "filter") is False:
            return None
        if found.kind in (Kind.LINK, Kind.LINES) and found.object and not self._reads(found.object):
            # The id may be seen, the record behind it may not.
            return None if found.kind is Kind.LINES else ExprType(Kind.LINK)
        return found

    def names(self) -> Iterable[str]:
        """The names there are, for "did you mean": only those that may be used."""
        return [name for name in self._scope.names() if self.field(name) is not None]

    def follow(self, object_name: str) -> "GatedScope | None":
        """The scope behind a link or a table field."""
        found = self._scope.follow(object_name)
        if found is None or not self._reads(object_name):
            return None
        return GatedScope(found, self._live, object_name, self._roles)

    @property
    def parent(self) -> "GatedScope | None":
        """For a line: the record that owns it."""
        found = self._scope.parent
        owner = self._live.model.object(self._object).owner
        if found is None or owner is None or not self._reads(owner[0]):
            return None
        return GatedScope(found, self._live, owner[0], self._roles)

    def variable(self, name: str) -> dict[str, ExprType] | None:
        """`user` and its attributes."""
        return self._scope.variable(name)

    def _reads(self, object_name: str) -> bool:
        return policy(self._live, object_name, self._roles).rule("read") is not False
