"""Names of a query, resolved through the model and the caller's rights, hop by hop."""

import msgspec

from objectry.expressions.types import ExprType, Kind
from objectry.metadata.model import Derivation, FieldDef, FieldModel, ObjectModel
from objectry.metadata.types import TYPES
from objectry_runtime.host.live import Live
from objectry_runtime.permissions import Policy, Use, policy
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.statements import Visible, kept

PARENT = "parent"
PATH_MAX = 4  # links followed by one path


class FieldPath(msgspec.Struct, frozen=True):
    """A field of a query: the links that are followed, and what is at their end."""

    path: tuple[str, ...]
    field: FieldModel


class Names:
    """The fields that a caller may name. What is hidden is as unknown as a typo."""

    def __init__(self, live: Live, roles: frozenset[str]) -> None:
        self.live = live
        self.roles = roles

    def policy(self, object_name: str) -> Policy:
        """What the caller may do with an object."""
        return policy(self.live, object_name, self.roles)

    def reads(self, object_name: str) -> bool:
        """Whether the caller may read any record of an object."""
        return self.policy(object_name).rule("read") is not False

    def visible(self, object_name: str) -> tuple[str, ...]:
        """The fields that an answer shows, in the model's order, masked ones among them."""
        key = (object_name, self.roles)
        return kept(self.live, Visible).get(key, lambda: self._visible(object_name))

    def _visible(self, object_name: str) -> tuple[str, ...]:
        model, rights = self.live.model.object(object_name), self.policy(object_name)
        names = [name for name, field in model.fields.items() if self._shows(rights, field)]
        if model.is_line and PARENT not in model.fields:
            names.insert(1, PARENT)
        return tuple(names)

    def field(self, object_name: str, name: str, use: Use, parameter: str) -> FieldModel:
        """A field by name, for one use; anything else is a 400 that names it."""
        model, rights = self.live.model.object(object_name), self.policy(object_name)
        field = find_field(model, name)
        if field is not None and self._allowed(rights, field, use):
            return field
        if field is not None and self._shows(rights, field):
            raise bad_query(
                f"{parameter}: {quoted(name)} is masked for you, so it can only be shown."
            )
        known = [one for one in self.visible(object_name) if self._usable(model, rights, one, use)]
        raise bad_query(
            f"{parameter}: {model.name} has no field {quoted(name)}.{near(name, known)}"
        )

    def path(self, object_name: str, text: str, use: Use, parameter: str) -> FieldPath:
        """A path through links to a field."""
        path = tuple(text.split("."))
        if len(path) > PATH_MAX + 1:
            raise bad_query(f"{parameter}: {quoted(text)} follows more than {PATH_MAX} links.")
        return FieldPath(path, self._end(object_name, path, use, parameter))

    def _end(self, object_name: str, path: tuple[str, ...], use: Use, parameter: str) -> FieldModel:
        """The field at the end of a path: the same in all that a link may lead to."""
        hop, *rest = path
        field = self.field(object_name, hop, use, parameter)
        if not rest:
            return field
        if field.type.parts:
            return part_field(field, tuple(rest), parameter)
        targets = self.targets(field, parameter)
        if field.type.many and use != "filter":
            raise bad_query(
                f"{parameter}: {quoted(hop)} leads to many records. Ask for them with expand={hop},"
                f" or filter with {hop}.…=…."
            )
        if field.is_table:
            raise bad_query(
                f"{parameter}: {quoted(hop)} is a table. Ask for its rows with"
                f" where=any({hop}.…) or expand={hop}."
            )
        ends = [self._end(target, tuple(rest), use, parameter) for target in targets]
        if any(end.expr_type != ends[0].expr_type for end in ends):
            raise bad_query(
                f"{parameter}: {quoted(rest[0])} is not the same in all that {quoted(hop)} may"
                " lead to."
            )
        return ends[0]

    def targets(self, field: FieldModel, parameter: str) -> tuple[str, ...]:
        """The objects behind a link or a table, of those that the caller may be able to read."""
        behind = () if field.type.own else field.expr_type.targets
        found = tuple(one for one in behind if field.is_table or self.reads(one))
        if not found:
            raise bad_query(f"{parameter}: {quoted(field.name)} leads to nothing that can be read.")
        return found

    def _allowed(self, rights: Policy, field: FieldModel, use: Use) -> bool:
        if field.name == PARENT and field.derivation is Derivation.SYSTEM:
            return True
        if rights.field(field.name, use) is False:
            return False
        return not field.is_table or self.reads_rows(field)

    def _shows(self, rights: Policy, field: FieldModel) -> bool:
        if field.is_table and not self.reads_rows(field):
            return False
        return rights.shows(field.name) or self._allowed(rights, field, "read")

    def _usable(self, model: ObjectModel, rights: Policy, name: str, use: Use) -> bool:
        field = find_field(model, name)
        return field is not None and self._allowed(rights, field, use)

    def reads_rows(self, field: FieldModel) -> bool:
        """Whether the rows of a table field may be read by those who read its record."""
        return self.policy(field.definition.of).own_rule("read") is not False


def part_field(field: FieldModel, rest: tuple[str, ...], parameter: str) -> FieldModel:
    """A part of a composite, as if it were a field."""
    name = ".".join(rest)
    part = field.type.parts.get(name)
    if part is None:
        raise bad_query(
            f"{parameter}: {quoted(field.name)} has no part {quoted(name)}."
            f"{near(name, list(field.type.parts))}"
        )
    return FieldModel(
        name=f"{field.name}.{name}",
        definition=FieldDef(name=name, type=part.name),
        type=part,
        expr_type=ExprType(part.kind),
        derivation=field.derivation,
    )


def find_field(model: ObjectModel, name: str) -> FieldModel | None:
    """A field of an object; a line has `parent`, the id of the record that owns it."""
    found = model.fields.get(name)
    if found is None and name == PARENT and model.owner is not None:
        return FieldModel(
            name=PARENT,
            definition=FieldDef(name=PARENT, type="link", to=(model.owner[0],), read_only=True),
            type=TYPES["link"],
            expr_type=ExprType(Kind.LINK, model.owner[0]),
            derivation=Derivation.SYSTEM,
        )
    return found
