"""A record being written: a frame for expressions whose values complete themselves on demand.

A default is taken when its field is first asked for, a formula computed when it is read, each at
most once. So defaults, formulas and line values may read each other in any order.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from objectry.expressions import Expression, Frame, Value
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.currencies import is_currency, minor_units
from objectry.values.numbers import quantise
from objectry_runtime.command.context import Context, exceeds
from objectry_runtime.command.unseen import UNSEEN
from objectry_runtime.problems import Problem


class Draft:
    """One record or line as it will be.

    `given` are the values that nothing derives: what the body says, what the record has, what the
    engine sets. `old` is the state before (None where there is none). `named` are the fields the
    body names. Where `fresh`, a field that is not given takes its default.
    """

    def __init__(
        self,
        context: Context,
        model: ObjectModel,
        given: Mapping[str, Value],
        *,
        pointer: str = "",
        old: Mapping[str, Value] | None = None,
        named: frozenset[str] = frozenset(),
        trusted: frozenset[str] = frozenset(),
        fresh: bool = True,
        owner: "Draft | None" = None,
        sound: bool = True,
    ) -> None:
        """Not `sound`: the body has errors already, so plugins are not asked about it.

        `trusted` are fields a definition filled, whatever the caller may (a conversion)."""
        self.context = context
        self.model = model
        self.given = given
        self.pointer = pointer
        self.old = old
        self.named = named
        self.trusted = trusted
        self.fresh = fresh
        self.owner = owner
        self.sound = sound
        self.lines: dict[str, list[Draft]] = {}
        self.defaulted: set[str] = set()
        self._values: dict[str, Value] = {}
        self._busy: set[str] = set()

    @property
    def id(self) -> str:
        """The id, old or new."""
        return str(self.given["id"])

    @property
    def unseen(self) -> bool:
        """Whether it is a line that the caller may not read."""
        return self.pointer.startswith(UNSEEN)

    def get(self, path: tuple[str, ...]) -> Value:
        """A value of the record, or one behind its links."""
        value = self.value(path[0])
        if len(path) == 1 or value is None:
            return value
        target = self.model.fields[path[0]].expr_type.object
        # A link that the caller may not make tells nothing of what lies behind it.
        if self.is_new_link(path[0]) and not self.context.linked.readable(target, str(value)):
            return None
        return self.context.linked.value(target, str(value), path[1:])

    def rows(self, field: str) -> Sequence[Frame]:
        """The lines of a table field."""
        return self.lines.get(field, ())

    @property
    def parent(self) -> Frame | None:
        """The record that owns the line."""
        return self.owner

    def value(self, name: str) -> Value:
        """The value of a field, completed now if it was not yet."""
        if name not in self._values:
            if name in self._busy:  # the checks refuse definitions that read themselves
                return None
            self._busy.add(name)
            self._values[name] = self._complete(self.model.fields[name])
        return self._values[name]

    def is_new_link(self, name: str) -> bool:
        """Whether the caller points a link somewhere it did not point before."""
        field, value = self.model.fields[name], self.value(name)
        if field.type.name != "link" or field.derivation is not Derivation.INPUT:
            return False
        if name in self.trusted or name in self.defaulted:
            return False
        return self.old is None or self.old.get(name) != value

    def applies(self, field: FieldModel) -> bool:
        """Whether the field is there at all: it has no `when`, or its `when` is true."""
        return field.when is None or self.context.evaluate(field.when, self) is True

    def holds(self, expression: Expression) -> Value:
        """What a condition is over this record."""
        return self.context.evaluate(expression, self)

    def places(self, field: FieldModel) -> int:
        """The decimal places of a number field."""
        if field.scale is not None:
            return field.scale
        return minor_units(self.currency(field)) if field.currency is not None else 0

    def currency(self, field: FieldModel) -> str:
        """The currency of a money field."""
        source = field.currency
        code: Value = None
        match source.root if source else "company":
            case "code":
                code = source.name if source else None
            case "record":
                code = self.value(source.name) if source else None
            case "parent":
                code = self.owner.value(source.name) if source and self.owner else None
            case _:
                pass
        if isinstance(code, str) and is_currency(code):
            return code
        return self.context.company_currency

    def _complete(self, field: FieldModel) -> Value:
        match field.derivation:
            case Derivation.SYSTEM:
                return self.given.get(field.name)
            case Derivation.INPUT:
                return self._input(field)
            case Derivation.COMPUTED:
                return self._rounded(field, self._computed(field))
            case Derivation.SNAPSHOT if self.old is not None and not self._moved(field):
                return self.old.get(field.name)
            case _:
                assert field.formula is not None, f"{field.name} has a formula"
                return self._rounded(field, self.context.evaluate(field.formula, self))

    def _input(self, field: FieldModel) -> Value:
        if not self.applies(field):
            return None
        if field.name in self.given:
            value = self.given[field.name]
            if isinstance(value, Decimal) and field.name in self.trusted:
                return self._rounded(field, value)
            if isinstance(value, Decimal) and not exceeds(value, self.places(field)):
                return self._rounded(field, value)  # "119" of euros is 119.00
            return value
        if self.fresh and field.default is not None:
            self.defaulted.add(field.name)
            return self._rounded(field, self.context.evaluate(field.default, self))
        return None

    def _rounded(self, field: FieldModel, value: Value) -> Value:
        if not isinstance(value, Decimal):
            return value
        if field.type.storage is StorageClass.INTEGER:
            return quantise(value, 0)
        if field.type.storage is StorageClass.NUMERIC:
            half_even = field.currency is not None and self.context.half_even
            return quantise(value, self.places(field), half_even=half_even)
        return value

    def _computed(self, field: FieldModel) -> Value:
        if not (self.owner or self).sound:
            return None
        function = self.context.live.computed(
            field.definition.computed, self.model.name, field.name
        )
        try:
            return function(self, places=self.places(field), today=self.context.call.today)
        except Problem as problem:
            # Told only where nothing is wrong with the record: else that may be the cause.
            self.context.failures.append(problem)
            return None

    def _moved(self, field: FieldModel) -> bool:
        """Whether something of the record that a snapshot reads is other than it was.

        What lies behind a link may change as it likes: the snapshot holds what was there when the
        record last pointed at something else.
        """
        assert field.formula is not None, "a snapshot has a formula"
        for root, path in self.context.live.model.reads(self.model.name, field.formula):
            at = self.owner if root == "parent" else self
            if root not in ("record", "parent") or at is None:
                continue
            if at.old is None or path[0] in at.model.tables:
                return True
            if at.value(path[0]) != at.old.get(path[0]):
                return True
        return False
