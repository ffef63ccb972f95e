"""From the engine's record to the one a plugin sees: exactly the paths it declared, by value."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from objectry.metadata.model import Model
from objectry.sdk import Record


class Source(Protocol):
    """Where the values come from; the frames of the expression language are such sources."""

    def get(self, path: tuple[str, ...], /) -> object:
        """The value at a path: the last name is a field, the names before it links."""
        ...

    def rows(self, field: str, /) -> "Sequence[Source]":
        """The rows of a table field, in order."""
        ...

    @property
    def parent(self) -> "Source | None":
        """The record that owns a row."""
        ...


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What is read: plain fields by name, and what lies behind tables, links and `parent`."""

    about: str
    fields: dict[str, tuple[str, ...]] = {}
    tables: dict[str, "Shape"] = {}
    links: dict[str, "Shape"] = {}
    parent: "Shape | None" = None

    def record(self, source: Source) -> Record:
        """A record of values taken from a source."""
        return Record(self._values(source), self.about)

    def _values(self, source: Source) -> dict[str, object]:
        values: dict[str, object] = {name: source.get(path) for name, path in self.fields.items()}
        for name, link in self.links.items():
            values[name] = link._values(source)
        for name, table in self.tables.items():
            values[name] = [table._values(row) for row in source.rows(name)]
        if self.parent is not None and source.parent is not None:
            values["parent"] = self.parent._values(source.parent)
        return values


def shape_of(model: Model, object_name: str, reads: Iterable[str]) -> Shape:
    """The shape of what `reads` names on an object; LookupError says which path is none."""
    paths = [tuple(path.split(".")) for path in reads]
    return _shape(model, object_name, paths, (), object_name)


def _shape(
    model: Model,
    object_name: str,
    paths: Iterable[tuple[str, ...]],
    prefix: tuple[str, ...],
    about: str,
) -> Shape:
    """`prefix` are the links followed so far: a source is asked for whole paths."""
    this = model.object(object_name)
    fields: dict[str, tuple[str, ...]] = {}
    below: dict[str, list[tuple[str, ...]]] = {}
    for name, *rest in paths:
        if name == "parent" and this.owner is not None and not prefix and rest:
            below.setdefault(name, []).append(tuple(rest))
            continue
        field = this.fields.get(name)
        if field is None:
            raise LookupError(f"{object_name} has no field {name!r}")
        if rest:
            if not field.is_table and not field.expr_type.object:
                raise LookupError(f"{object_name}.{name} has nothing behind it to read")
            if field.is_table and prefix:
                raise LookupError(f"the rows of {object_name}.{name} can't be read through a link")
            below.setdefault(name, []).append(tuple(rest))
        elif field.is_table:
            raise LookupError(f"{object_name}.{name} is a table: name a field of its rows")
        else:
            fields[name] = (*prefix, name)
    tables: dict[str, Shape] = {}
    links: dict[str, Shape] = {}
    parent: Shape | None = None
    for name, inner in below.items():
        within = f"{about}.{name}"
        if name == "parent" and this.owner is not None:
            parent = _shape(model, this.owner[0], inner, (), within)
        elif this.fields[name].is_table:
            tables[name] = _shape(model, this.tables[name], inner, (), within)
        else:
            target = this.fields[name].expr_type.object
            # The link's own id, where it is read too, is the linked record's id.
            behind = [*inner, ("id",)] if fields.pop(name, None) else inner
            links[name] = _shape(model, target, behind, (*prefix, name), within)
    return Shape(about=about, fields=fields, tables=tables, links=links, parent=parent)
