"""Where an expression's names lie in SQL: records, what their links reach, and their lines.

A gated frame is for expressions of a caller: a field that the caller's roles may use for some
records only is null for the others, and a link reaches only what may be read. Expressions of
definitions (formulas, row rules, guards) are the author's and see everything.
"""

from collections.abc import Mapping

from objectry.metadata.model import Derivation, FieldModel
from objectry.metadata.model.system import DELETED
from objectry.metadata.types import FieldType, StorageClass
from objectry_runtime.host.live import Live
from objectry_runtime.permissions import Policy, Rule, Use, policy
from objectry_runtime.query.money import round_live
from objectry_runtime.query.render import render, render_predicate
from objectry_runtime.query.sql import Clock, Sql, SqlFrame, quote

USER_TYPES: Mapping[str, str] = {"id": "uuid", "name": "text", "roles": "text[]"}


class Rendering:
    """What all frames of one statement share: parameters, aliases, the caller."""

    def __init__(
        self,
        live: Live,
        sql: Sql,
        clock: Clock,
        user: Mapping[str, str],
        roles: frozenset[str] = frozenset(),
        saved: Mapping[str, str] | None = None,
    ) -> None:
        """`user` has the caller's attributes in parameter form; `roles` gate gated frames.

        `saved`: by object what stands for its table, where the statement itself writes the record
        that is read. Nothing else of those objects can be seen there: if a link leads to one,
        the rendering is `entangled`, and of no use.
        """
        self.live = live
        self.sql = sql
        self.clock = clock
        self._user = user
        self._roles = roles
        self.saved: Mapping[str, str] = saved or {}
        self.entangled = False

    def alias(self) -> str:
        """A table alias no other part of the statement has."""
        return self.sql.alias("a")

    def user(self, name: str) -> str:
        """An attribute of the caller, as a parameter."""
        return self.sql.bind(self._user[name], USER_TYPES[name])

    def policy(self, object_name: str) -> Policy:
        """What the caller's roles may do with an object."""
        return policy(self.live, object_name, self._roles)


class ObjectFrame:
    """One record (or line), reachable under a table alias of the statement."""

    def __init__(
        self,
        rendering: Rendering,
        object_name: str,
        alias: str,
        *,
        gated: bool = False,
        outer: SqlFrame | None = None,
    ) -> None:
        """`outer` is the frame of the record that owns the line, where the statement has it."""
        self.rendering = rendering
        self.object = object_name
        self.alias = alias
        self.model = rendering.live.model.object(object_name)
        self._gated = gated
        self._outer = outer
        self._storage = rendering.live.storage.objects[object_name]

    @property
    def source(self) -> str:
        """The table under the frame's alias, for a FROM clause."""
        return f"{table(self.rendering, self.object)} {self.alias}"

    @property
    def tenant(self) -> str:
        """The column of the tenant."""
        return f"{self.alias}.tenant_id"

    @property
    def present(self) -> str:
        """SQL that is true where the record is there, not deleted and kept; empty where always.

        A line is there as long as the record that owns it is.
        """
        if self.model.owner is not None:
            owner = self.rendering.live.model.object(self.model.owner[0])
            kept = owner.definition.soft_delete
            return f"{self.parent.column((DELETED,))} is null" if kept else ""
        return f"{self.raw(DELETED)} is null" if self.model.definition.soft_delete else ""

    @property
    def ungated(self) -> "ObjectFrame":
        """The same record as definitions see it."""
        if not self._gated:
            return self
        outer = self._outer.ungated if isinstance(self._outer, ObjectFrame) else None
        return ObjectFrame(self.rendering, self.object, self.alias, outer=outer)

    def column(self, path: tuple[str, ...]) -> str:
        """The value of a field, or of a field behind links."""
        name, *rest = path
        if name == "parent" and name not in self.model.fields:
            return self.parent.column(tuple(rest)) if rest else f"{self.alias}.parent_id"
        own = self._gate(name, "filter") if self._gated else self.raw(name)
        if not rest:
            return own
        if parts := self.model.fields[name].type.parts:
            return part_of(own, rest[0], parts[rest[0]])
        targets = self.model.fields[name].expr_type.targets
        if self._gated and len(targets) > 1:
            policies = ((one, self.rendering.policy(one)) for one in targets)
            targets = tuple(one for one, rights in policies if rights.rule("read") is not False)
        # An id is of one object alone, so that of several targets one at most has a value.
        values = [
            LinkedRecord(self.rendering, target, self.tenant, own, gated=self._gated).column(
                tuple(rest)
            )
            for target in targets
        ]
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    def raw(self, name: str) -> str:
        """The value of a field of the record itself, whoever asks."""
        field = self.model.fields[name]
        if field.derivation is Derivation.LIVE:
            assert field.formula is not None, "a live field has a formula"
            frame = self.ungated
            value = render(field.formula.tree, frame, self.rendering.sql, self.rendering.clock)
            return round_live(field, value, frame)
        return f"{self.alias}.{quote(self._storage.columns.get(name, name))}"

    def rows(self, field: str) -> tuple[str, str, "ObjectFrame"]:
        """FROM, WHERE and frame of the lines of a table field."""
        return line_rows(
            self.rendering,
            self.model.fields[field].definition.of,
            self.tenant,
            f"{self.alias}.id",
            gated=self._gated,
            outer=self,
            allowed=self._row_gate(field) if self._gated else "",
        )

    def names(self, link: str, record: "ObjectFrame") -> str:
        """The condition that a link, or one of a list of links, names a record."""
        id = f"{record.alias}.id"
        if not self.model.fields[link].type.many:
            return f"{self.raw(link)} = {id}"
        return self.lists(link, f"array[{id}]")

    def lists(self, link: str, ids: str) -> str:
        """The condition that a list of links has one of some ids, by the index of its table."""
        target = self.model.fields[link].definition.to[0]
        held = self._storage.references.get(f"{link}:{target}")
        if held is None:
            return f"{self.raw(link)} && {ids}"
        alias = self.rendering.alias()
        references = f"{quote(self._storage.schema)}.{quote(held)}"
        return (
            f"{self.alias}.id in (select {alias}.id from {references}"
            f" {alias} where {alias}.tenant_id = {self.tenant} and {alias}.target = any({ids}))"
        )

    def related(self, object_name: str, via: str) -> "tuple[str, str, ObjectFrame]":
        """FROM, WHERE and frame of the records that link here, whoever may read them.

        A rollup is a value of the record that is linked to, with a right of its own.
        """
        rendering = self.rendering
        rendering.entangled |= object_name in rendering.saved
        frame = ObjectFrame(rendering, object_name, rendering.alias())
        where = [f"{frame.tenant} = {self.tenant}", frame.names(via, self)]
        where += [frame.present] if frame.present else []
        return frame.source, " and ".join(where), frame

    @property
    def parent(self) -> SqlFrame:
        """The record that owns the line."""
        if self._outer is not None:
            return self._outer
        assert self.model.owner is not None, f"{self.object} has no owner"
        return LinkedRecord(
            self.rendering,
            self.model.owner[0],
            self.tenant,
            f"{self.alias}.parent_id",
            gated=self._gated,
        )

    def user(self, name: str) -> str:
        """An attribute of the caller."""
        return self.rendering.user(name)

    def holds(self, rule: Rule) -> str:
        """SQL that is true exactly where a rule admits the record, else false or null; empty
        where it always does."""
        if rule is True:
            return ""
        if rule is False:
            return "false"
        rendering = self.rendering
        return f"({render_predicate(rule, self.ungated, rendering.sql, rendering.clock)})"

    def _row_gate(self, field: str) -> str:
        return self.holds(self.rendering.policy(self.object).field(field, "filter"))

    def _gate(self, name: str, use: Use) -> str:
        """The value where it is allowed, else null of the field's type.

        What is never allowed is not rendered: its parameters would be left over.
        """
        allowed = self.holds(self.rendering.policy(self.object).field(name, use))
        if allowed == "false":
            return f"null::{pg_type(self.model.fields[name])}"
        value = self.raw(name)
        return f"(case when {allowed} then {value} end)" if allowed else value


class LinkedRecord:
    """A record known by a link: every value is a lookup by primary key."""

    def __init__(
        self, rendering: Rendering, object_name: str, tenant: str, link: str, *, gated: bool
    ) -> None:
        """`tenant` and `link` are the SQL of the key that is followed."""
        rendering.entangled |= object_name in rendering.saved
        self._rendering = rendering
        self._object = object_name
        self._tenant = tenant
        self._link = link
        self._gated = gated

    def column(self, path: tuple[str, ...]) -> str:
        """The value of a field of the linked record, or of one behind it."""
        frame, where = self._record()
        return f"(select {frame.column(path)} from {frame.source} where {where})"

    def rows(self, field: str) -> tuple[str, str, ObjectFrame]:
        """The lines of the linked record."""
        frame, where = self._record()
        from_sql, rows_where, rows = line_rows(
            self._rendering,
            frame.model.fields[field].definition.of,
            self._tenant,
            self._link,
            gated=self._gated,
            outer=self,
            allowed=f"exists (select from {frame.source} where {where})" if self._gated else "",
        )
        return from_sql, rows_where, rows

    def related(self, object_name: str, via: str) -> tuple[str, str, ObjectFrame]:
        """What lies behind a link renders its own formulas, in a frame of its own."""
        raise AssertionError(f"a rollup of {object_name} over {via} is a field of {self._object}")

    @property
    def parent(self) -> SqlFrame:
        """A line is never linked to, so what is linked to has no owner."""
        raise AssertionError(f"{self._object} has no owner")

    def user(self, name: str) -> str:
        """An attribute of the caller."""
        return self._rendering.user(name)

    def _record(self) -> tuple[ObjectFrame, str]:
        rendering = self._rendering
        frame = ObjectFrame(rendering, self._object, rendering.alias(), gated=self._gated)
        where = f"{frame.tenant} = {self._tenant} and {frame.alias}.id = {self._link}"
        readable = frame.holds(rendering.policy(self._object).rule("read")) if self._gated else ""
        return frame, f"{where} and {readable}" if readable else where


def line_rows(
    rendering: Rendering,
    line_object: str,
    tenant: str,
    owner: str,
    *,
    gated: bool,
    outer: SqlFrame,
    allowed: str,
) -> tuple[str, str, ObjectFrame]:
    """FROM, WHERE and frame of the lines that a record owns; `allowed` narrows them further."""
    frame = ObjectFrame(rendering, line_object, rendering.alias(), gated=gated, outer=outer)
    where = [f"{frame.tenant} = {tenant}", f"{frame.alias}.parent_id = {owner}", allowed]
    if gated:
        where.append(frame.holds(rendering.policy(line_object).own_rule("read")))
    return frame.source, " and ".join(one for one in where if one), frame


def table(rendering: Rendering, object_name: str) -> str:
    """The qualified, quoted table of an object, or what stands for it."""
    saved = rendering.saved.get(object_name)
    if saved is not None:
        return saved
    storage = rendering.live.storage.objects[object_name]
    return f"{quote(storage.schema)}.{quote(storage.table)}"


def part_of(whole: str, name: str, part: FieldType) -> str:
    """A part of a composite's SQL, as its own type is compared and sorted."""
    text = f"({whole} ->> '{name}')"
    if part.storage is StorageClass.TEXT:
        return f'({text} collate "C")'
    return f"{text}::{part.storage.value}"


def pg_type(field: FieldModel) -> str:
    """The PostgreSQL type of a field's value."""
    storage = field.type.storage
    assert storage is not StorageClass.NONE, f"{field.name} has no value of its own"
    return storage.value
