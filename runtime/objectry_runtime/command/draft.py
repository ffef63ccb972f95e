"""A record being written: a frame for expressions whose values complete themselves on demand.

A default is taken when its field is first asked for, a formula computed when it is read, each at
most once. So defaults, formulas and line values may read each other in any order.
"""

from collections.abc import Mapping, Sequence

from objectry.expressions import Env, Expression, Frame, Value
from objectry.metadata.model import FieldModel, ObjectModel
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.context import Context
from objectry_runtime.command.unseen import UNSEEN


class Draft:
    """One record or line as it will be.

    `given` are the values that nothing derives: what the body says, what the record has, what the
    engine sets. `old` is the state before (None where there is none). `named` are the fields the
    body names. Where `fresh`, a field that is not given takes its default.
    """

    __slots__ = (
        "_busy",
        "_env",
        "_values",
        "_whole",
        "compiled",
        "context",
        "defaulted",
        "fresh",
        "given",
        "lines",
        "model",
        "named",
        "old",
        "owner",
        "pointer",
        "sound",
        "trusted",
    )

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
        self.compiled = compiled(context.live, model)
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
        self._env: Env | None = None
        self._busy: set[str] = set()
        self._whole = False
        # Most of what is given is a value as it stands; the others are completed when asked for.
        direct = self.compiled.direct
        self._values = dict(self.compiled.blank if fresh else self.compiled.settled)
        for name, value in given.items():
            if name in direct:
                self._values[name] = value

    @property
    def id(self) -> str:
        """The id, old or new."""
        return str(self.given["id"])

    @property
    def unseen(self) -> bool:
        """Whether it is a line that the caller may not read."""
        return self.pointer.startswith(UNSEEN)

    @property
    def env(self) -> Env:
        """What an expression over the record sees."""
        if self._env is None:
            call = self.context.call
            self._env = Env(record=self, user=self.context.user, today=call.today, now=call.now)
        return self._env

    def get(self, path: tuple[str, ...]) -> Value:
        """A value of the record, or one behind its links."""
        name = path[0]
        value = self._values[name] if name in self._values else self.value(name)
        if len(path) == 1 or value is None:
            return value
        linked, id = self.context.linked, str(value)
        for target in self.model.fields[name].expr_type.targets:
            # A link that the caller may not make tells nothing of what lies behind it.
            if self.is_new_link(name) and not linked.readable(target, id):
                continue
            found = linked.value(target, id, path[1:])
            if found is not None:  # an id is of one object alone
                return found
        return None

    def rows(self, field: str) -> Sequence[Frame]:
        """The lines of a table field."""
        return self.lines.get(field, ())

    @property
    def parent(self) -> Frame | None:
        """The record that owns the line."""
        return self.owner

    def value(self, name: str) -> Value:
        """The value of a field, completed now if it was not yet."""
        values = self._values
        if name not in values:
            if name in self._busy:  # the checks refuse definitions that read themselves
                return None
            self._busy.add(name)
            values[name] = self.compiled.complete[name](self)
        return values[name]

    def completed(self) -> Mapping[str, Value]:
        """The values of the record with none of the stored ones left to complete."""
        if not self._whole:
            for name in self.compiled.later:
                if name not in self._values:
                    self.value(name)
            self._whole = True
        return self._values

    def is_new_link(self, name: str) -> bool:
        """Whether the caller points a link somewhere it did not point before."""
        if name not in self.compiled.links:
            return False
        if name in self.trusted or name in self.defaulted:
            return False
        return self.old is None or self.old.get(name) != self.value(name)

    def applies(self, field: FieldModel) -> bool:
        """Whether the field is there at all: it has no `when`, or its `when` is true."""
        return field.when is None or self.holds(field.when) is True

    def holds(self, expression: Expression) -> Value:
        """What a condition is over this record."""
        return self.context.evaluate(expression, self.env)

    def places(self, name: str) -> int:
        """The decimal places of a number field."""
        return self.compiled.places[name](self)

    def currency(self, name: str) -> str:
        """The currency of a money field."""
        return self.compiled.currency[name](self)
