"""What a write knows of the records its record links to, and what it found it still must ask."""

from collections.abc import Iterable, Mapping

import msgspec

from objectry.expressions import Expression, Value
from objectry.metadata.model import Model, ObjectModel
from objectry_runtime.host.live import Live

Path = tuple[str, ...]
LinkPlace = tuple[str, str]  # (table field or "", link field)


class LinkedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A linked record: whether the caller may read it, and the fetched values by path."""

    readable: bool
    values: Mapping[Path, Value]


class Linked:
    """Values behind links, filled by prefetches.

    A question that can't be answered yet is answered with None and noted in `missing`; whoever
    asked fetches what is missing and decides again.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], LinkedRecord | None] = {}
        self.missing: dict[str, tuple[set[str], set[Path]]] = {}

    def add(self, object_name: str, ids: Iterable[str], found: Mapping[str, LinkedRecord]) -> None:
        """Take the answer of a prefetch: `ids` were asked for, the others are not there."""
        for id in (*ids, *found):
            fresh = found.get(id)
            old = self._known.get((object_name, id))
            if old is not None and fresh is not None:
                fresh = LinkedRecord(readable=fresh.readable, values={**old.values, **fresh.values})
            self._known[object_name, id] = fresh
        self.missing.pop(object_name, None)

    def value(self, object_name: str, id: str, path: Path) -> Value:
        """What lies at `path` from the linked record; None where there is no such record."""
        known = self._known.get((object_name, id))
        if known is None:
            if (object_name, id) not in self._known:
                self._miss(object_name, id, path)
            return None
        if path not in known.values:
            self._miss(object_name, id, path)
            return None
        return known.values[path]

    def readable(self, object_name: str, id: str) -> bool:
        """Whether the record exists and the caller may read it."""
        if (object_name, id) not in self._known:
            self._miss(object_name, id, None)
            return False
        known = self._known[object_name, id]
        return known is not None and known.readable

    def _miss(self, object_name: str, id: str, path: Path | None) -> None:
        ids, paths = self.missing.setdefault(object_name, (set(), set()))
        ids.add(id)
        if path is not None:
            paths.add(path)


def link_paths(live: Live, model: ObjectModel) -> Mapping[LinkPlace, frozenset[Path]]:
    """What the definitions of an object read behind each of its links (and those of its lines)."""
    key = ("query.link_paths", model.name)
    known = live.compiled.get(key)
    if not isinstance(known, _LinkPaths):
        found: dict[LinkPlace, set[Path]] = {}
        places = [("", model)]
        places += [(table, live.model.object(name)) for table, name in model.tables.items()]
        for table, owner in places:
            for expression in expressions(owner):
                for place, path in _behind_links(live.model, model, table, owner, expression):
                    found.setdefault(place, set()).add(path)
        known = _LinkPaths(paths={place: frozenset(paths) for place, paths in found.items()})
        live.compiled[key] = known
    return known.paths


def rollups_read(live: Live, model: ObjectModel) -> frozenset[str]:
    """The live rollups of an object that its writes read: they are asked for before."""
    found: set[str] = set()
    owners = [model, *(live.model.object(name) for name in model.tables.values())]
    for owner in owners:
        for expression in expressions(owner, live_formulas=False):
            for origin, path in live.model.reads(owner.name, expression):
                if origin == "parent" or (origin == "record" and owner is model):
                    found.add(path[0])
    return frozenset(
        name
        for name in found
        if (field := model.fields.get(name)) and field.is_rollup and not field.stored
    )


class _LinkPaths(msgspec.Struct, frozen=True, kw_only=True):
    paths: Mapping[LinkPlace, frozenset[Path]]


def expressions(model: ObjectModel, *, live_formulas: bool = True) -> Iterable[Expression]:
    """Every expression that a write of the object may evaluate over it.

    A live formula is evaluated only where another expression reads it.
    """
    for field in model.fields.values():
        formula = field.formula if live_formulas or field.kept else None
        for one in (formula, field.default, field.when, field.required_when):
            if one is not None:
                yield one
    for check in model.checks:
        yield check.rule
    if model.immutable is not None:
        yield model.immutable.when
    if model.workflow is not None:
        for transition in model.workflow.transitions.values():
            for one in (transition.guard, *(step.when for step in transition.approvals)):
                if one is not None:
                    yield one


def _behind_links(
    model: Model, root: ObjectModel, table: str, owner: ObjectModel, expression: Expression
) -> Iterable[tuple[LinkPlace, Path]]:
    for origin, path in model.reads(owner.name, expression):
        if origin not in ("record", "parent"):
            continue
        place, where, rest = (table, owner, path) if origin == "record" else ("", root, path)
        if rest and not place and rest[0] in where.tables:
            place, where, rest = rest[0], model.object(where.tables[rest[0]]), rest[1:]
        if len(rest) > 1 and where.fields[rest[0]].expr_type.targets:
            yield (place, rest[0]), rest[1:]
