"""Disclosure: a derived field that a role may read, over a field that it may not (a warning)."""

from objectry.findings import code
from objectry.metadata.checks.aggregates import leads_to, rolled_up
from objectry.metadata.checks.context import Context
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.definitions import ObjectDef, PermissionDef

DISCLOSES = code(
    "OBJ0504",
    "Formula discloses a restricted field",
    "A derived field has a right of its own. Some role may read this one but not what it is "
    "computed from. Where that is not meant, restrict the derived field for that role as well. "
    "This is a warning.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {cost: {type: money}, double: {type: money, formula: cost * 2}}\n"
        "permissions: {sales: {read: true, fields: {cost: none}}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {cost: {type: money}, double: {type: money, formula: cost * 2}}\n"
        "permissions: {sales: {read: true, fields: {cost: none, double: none}}}"
    ),
)

_HIDDEN = frozenset({"none", "mask"})


@project_check
def check_disclosures(context: Context) -> None:
    """Whoever may read a formula may read the fields it reads."""
    grants = _Grants(context)
    for definition in context.definitions.objects.values():
        for field in definition.fields.values():
            path = ("fields", field.name, "rollup" if field.rollup else "formula")
            expression = context.expressions.get((definition.name, path))
            if expression is None:
                continue
            over, reads = definition, sorted(expression.reads)
            if field.rollup is not None:
                over, reads = context.definitions.objects[field.rollup.of], rolled_up(expression)
            told: set[tuple[str, str, str]] = set()
            for root, names in reads:
                for role, name, hidden in _hidden(context, grants, over, root, names):
                    if grants.hides(role, definition.name, field.name):
                        continue
                    if (role, name, hidden) in told:
                        continue
                    told.add((role, name, hidden))
                    context.find(
                        DISCLOSES,
                        ("object", definition.name, path),
                        f"`{role}` may read `{field.name}` but not `{name}.{hidden}`.",
                        f"restrict `{field.name}` for that role too, if that is not meant",
                        severity="warning",
                    )


class _Grants:
    """All grants of a project by role and object."""

    def __init__(self, context: Context) -> None:
        self._grants: dict[tuple[str, str], list[PermissionDef]] = {}
        self._owners = context.owners
        definitions = context.definitions
        for definition in definitions.objects.values():
            for role, grant in definition.permissions.items():
                self._grants.setdefault((role, definition.name), []).append(grant)
        for other in definitions.roles.values():
            for name, grant in other.permissions.items():
                self._grants.setdefault((other.name, name), []).append(grant)
        self.restricting: dict[str, set[str]] = {}  # object → roles that some field is hidden from
        for (role, name), grants in self._grants.items():
            if any(_HIDDEN & set(grant.fields.values()) for grant in grants):
                self.restricting.setdefault(name, set()).add(role)

    def hides(self, role: str, name: str, field: str) -> bool:
        """Whether the role may not read the field of the object (or not the object at all)."""
        grants = self._grants.get((role, name))
        if grants is None:
            owners = self._owners.get(name)
            return not owners or self._grants.get((role, owners[0][0])) is None
        if all(grant.read is False for grant in grants):
            return True
        rights = [grant.fields[field] for grant in grants if field in grant.fields]
        return bool(rights) and all(right in _HIDDEN for right in rights)


def _hidden(
    context: Context, grants: _Grants, definition: ObjectDef, root: str, names: tuple[str, ...]
) -> list[tuple[str, str, str]]:
    """(role, object, field) for each field on a path that some role may not read."""
    name = definition.name
    if root == "parent":
        name = context.owners[name][0][0] if name in context.owners else ""
    elif root != "record":
        return []
    found: list[tuple[str, str, str]] = []
    places = [name]
    for part in names:
        fields = [(one, field) for one in places if (field := context.fields(one).get(part))]
        found += [
            (role, one, part)
            for one, _ in fields
            for role in sorted(grants.restricting.get(one, ()))
            if grants.hides(role, one, part)
        ]
        places = [target for _, field in fields for target in leads_to(field)]
    return found
