"""What one database must know of the objects that live in others.

A service's objects live in its `database`; services that name none share one. What is linked to,
converted or rolled up across two databases is kept as a replica: the fields that links `replicate`,
and what the engine itself needs to show and to count.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from objectry.metadata.model.behaviour import target_quantity
from objectry.metadata.model.definitions import Definitions, ObjectDef
from objectry.metadata.model.documents import ConversionDef

Here = Callable[[str], bool]
"""Whether an object of that name lives in the database in question."""

Reads = Callable[[str, str], Iterable[str]]
"""(object, source of a condition over it) → the fields of the object itself that it reads."""


def databases(
    definitions: Definitions, together: Iterable[Iterable[str]] = ()
) -> Mapping[str, str]:
    """The database of every service. Of services put `together` it is that of the first."""
    found = {name: service.database for name, service in definitions.services.items()}
    for group in together:
        first, *others = group
        found.update((name, found.get(first, "")) for name in others)
    return found


def needed(definitions: Definitions, here: Here, reads: Reads) -> dict[str, frozenset[str]]:
    """The objects that live elsewhere and are needed here, each with the fields that are."""
    need = _Need(definitions, here, reads)
    for definition in definitions.objects.values():
        if here(definition.name):
            need.of_local(definition)
        elif any(here(one.to) for one in definition.conversions.values()):
            need.want(definition.name)
    return {name: frozenset(fields) for name, fields in need.found.items()}


def shown(definition: ObjectDef) -> tuple[str, ...]:
    """What is kept of every replica: what a link to it shows, and where it stands."""
    names = [definition.title] if definition.title else []
    if definition.numbering is not None:
        names.append("number")
    if definition.workflow is not None:
        names.append(definition.workflow.field)
    if not names:
        names += [name for name, field in definition.fields.items() if field.type == "text"][:1]
    return tuple(names)


class _Need:
    """Collects what is needed; a link that is kept needs what it leads to, if only its id."""

    def __init__(self, definitions: Definitions, here: Here, reads: Reads) -> None:
        self.found: dict[str, set[str]] = {}
        self._objects = definitions.objects
        self._roles = definitions.roles.values()
        self._here = here
        self._reads = reads

    def of_local(self, definition: ObjectDef) -> None:
        """What an object that lives here needs of others."""
        for field in definition.fields.values():
            for target in field.to:
                self.want(target)
                for path in field.replicate:
                    self._keep(target, path.split("."))
            rollup = field.rollup
            if rollup is not None:
                read = self._reads(rollup.of, rollup.where) if rollup.where else ()
                self.want(rollup.of, (rollup.via, rollup.field, *read))
        for conversion in definition.conversions.values():
            if conversion.to in self._objects and not self._here(conversion.to):
                self._of_conversion(conversion)

    def want(self, name: str, fields: Iterable[str] = ()) -> None:
        """Fields of an object, if it is one of another database."""
        definition = self._objects.get(name)
        if definition is None or self._here(name):
            return
        known = self.found.get(name)
        if known is None:
            known = self.found[name] = set()
            fields = (*fields, *shown(definition), *self._ruled(definition))
        for field in fields:
            if field in known or not _has(definition, field):
                continue
            known.add(field)
            own = definition.fields.get(field)
            for target in (*own.to, own.of) if own is not None else ():
                self.want(target)

    def _ruled(self, definition: ObjectDef) -> Iterable[str]:
        """What the owner's row rules ask of a record before they show it."""
        grants = list(definition.permissions.values())
        grants += [
            role.permissions[definition.name]
            for role in self._roles
            if definition.name in role.permissions
        ]
        for grant in grants:
            if isinstance(grant.read, str):
                yield from self._reads(definition.name, grant.read)

    def _keep(self, name: str, path: Sequence[str]) -> None:
        """A field, or one behind links: `customer_group.discount` keeps both on the way."""
        self.want(name, path[:1])
        definition = self._objects.get(name)
        field = definition.fields.get(path[0]) if definition is not None else None
        for target in field.to if field is not None and path[1:] else ():
            self._keep(target, path[1:])

    def _of_conversion(self, conversion: ConversionDef) -> None:
        released = conversion.releases_when
        read = self._reads(conversion.to, released) if released is not None else ()
        self.want(conversion.to, (*conversion.map, *read))
        lines = conversion.lines
        table = self._objects[conversion.to].fields.get(lines.to) if lines is not None else None
        if lines is not None and table is not None:
            self.want(conversion.to, (lines.to,))
            self.want(table.of, (*lines.map, target_quantity(lines)))


def _has(definition: ObjectDef, field: str) -> bool:
    if field == "number" and definition.numbering is not None:
        return True
    if definition.workflow is not None and field == definition.workflow.field:
        return True
    return field in definition.fields
