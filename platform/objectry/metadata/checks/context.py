"""What a check works with: the definitions, where they stand, and one way to report."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Protocol

from objectry.expressions import Expression, compile_expression
from objectry.expressions.types import ExprType, Kind, Scope
from objectry.findings import Finding, Position, Severity, dotted, near, near_or_all
from objectry.metadata.model.catalog import Catalog
from objectry.metadata.model.definitions import Definitions, FieldDef, ObjectDef
from objectry.metadata.model.model import owners_of
from objectry.metadata.model.scope import USER, ObjectScope, field_type, kinds
from objectry.metadata.model.system import system_fields
from objectry.metadata.model.templates import TemplateChecker
from objectry.metadata.types import FieldType, type_of

Path = tuple[str | int, ...]
Place = tuple[str, str, Path]  # kind, name, path inside the definition


class Positions(Protocol):
    """Where definitions stand and what of them is known to be misshapen (the loader's Sources)."""

    def position(
        self, kind: str, name: str, path: Path = (), *, key: bool = False, offset: int | None = None
    ) -> Position | None:
        """Where the value (or the key) at a path of a definition stands."""
        ...

    def is_broken(self, kind: str, name: str, path: Path = ()) -> bool:
        """Whether the path has already been reported as misshapen."""
        ...

    def is_lost(self, kind: str, name: str) -> bool:
        """Whether a definition of this name stands in a file that could not be read."""
        ...

    def package(self, kind: str, name: str) -> str:
        """The package that a definition comes from; empty for the project's own."""
        ...

    def origin(self, kind: str, name: str, path: Path = ()) -> Place:
        """Where a part of a definition is declared, if another document declares it."""
        ...


class Context:
    """Shared by all checks of one run; collects their findings."""

    def __init__(
        self,
        definitions: Definitions,
        positions: Positions,
        catalog: Catalog,
        templates: TemplateChecker | None = None,
    ) -> None:
        """Start a run without findings; without a checker templates are not looked into."""
        self.definitions = definitions
        self.positions = positions
        self.catalog = catalog
        self.templates = templates
        self.findings: list[Finding] = []
        self.expressions: dict[tuple[str, Path], Expression] = {}  # of objects, by (object, path)
        self.followed: list[tuple[str, Expression, Place]] = []  # over which object, where
        self._fields: dict[str, dict[str, FieldDef]] = {}
        self._types: dict[str, dict[str, ExprType]] = {}
        self._scopes: dict[tuple[str, bool, bool], Scope] = {}
        self._shared: set[tuple[str, Place]] = set()  # told of what several objects share
        self._doubtful = False  # whether an expression met something reported elsewhere

    def over(self, definitions: Definitions) -> "Context":
        """A context over other definitions that reports to the same run."""
        other = Context(definitions, self.positions, self.catalog)
        other.findings, other._shared = self.findings, self._shared
        return other

    def find(
        self,
        code: str,
        at: Place,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        offset: int | None = None,
        severity: Severity = "error",
    ) -> None:
        """Report something; `at` is (kind, name, path), `key` places it at the key of the path.

        What lies in a misshapen part has been reported by the loader and is not repeated. What is
        wrong with a part that several objects share is said once, for the file that declares it.
        """
        kind, name, path = at
        if self.positions.is_broken(kind, name, path):
            return
        origin = self.positions.origin(*at)
        if origin != at:
            if (code, origin) in self._shared:
                return
            self._shared.add((code, origin))
        self.findings.append(
            Finding(
                code=code,
                message=message,
                hint=hint,
                severity=severity,
                position=self.positions.position(kind, name, path, key=key, offset=offset),
                path=dotted(path),
            )
        )

    def expect(
        self,
        code: str,
        noun: str,
        name: str,
        known: Iterable[str],
        at: Place,
        *,
        key: bool = False,
    ) -> bool:
        """Report a name that is none of the known ones; False where it is not."""
        names = known if isinstance(known, Collection) else list(known)
        if name in names:
            return True
        if not self.positions.is_lost(noun, name):
            self.find(code, at, f"There is no {noun} `{name}`.", near_or_all(name, names), key=key)
        return False

    def expect_field(
        self,
        code: str,
        object_name: str,
        name: str,
        at: Place,
        *,
        key: bool = False,
    ) -> FieldDef | None:
        """The field of an object, or None after reporting that there is none of that name."""
        fields = self.fields(object_name)
        found = fields.get(name)
        if found is None and not self.is_doubtful(object_name, name):
            message = f"`{object_name}` has no field `{name}`."
            self.find(code, at, message, near(name, fields), key=key)
        return found

    def is_doubtful(self, object_name: str, field: str) -> bool:
        """Whether a missing field may only be missing because its own place is misshapen."""
        return self.positions.is_broken(
            "object", object_name, ("fields", field)
        ) or self.positions.is_lost("object", object_name)

    def fields(self, object_name: str) -> Mapping[str, FieldDef]:
        """The fields of an object, the engine's first; empty for an unknown object."""
        found = self._fields.get(object_name)
        if found is None:
            definition = self.definitions.objects.get(object_name)
            fields: dict[str, FieldDef] = {}
            if definition is not None:
                fields.update(system_fields(definition, line=object_name in self.owners))
                fields.update(definition.fields)
            found = self._fields[object_name] = fields
        return found

    @cached_property
    def owners(self) -> dict[str, list[tuple[str, str]]]:
        """Line objects and the (object, table field) pairs that hold them; one is right."""
        return owners_of(self.definitions)

    def compile(
        self,
        object_name: str,
        source: str,
        at: Place,
        *,
        expects: tuple[Kind, ...] = (),
        user: bool = False,
    ) -> Expression | None:
        """The typed expression over an object, or None after reporting what is wrong with it."""
        if object_name not in self.definitions.objects:
            return None
        compiled = self.compile_in(self.scope(object_name, user=user), source, at, expects=expects)
        if compiled is not None and compiled.follows_links:
            self.followed.append((object_name, compiled, at))
        if compiled is not None and at[0] == "object":
            self.expressions[(at[1], at[2])] = compiled
        return compiled

    def compile_in(
        self, scope: Scope, source: str, at: Place, *, expects: tuple[Kind, ...] = ()
    ) -> Expression | None:
        """The typed expression in a scope, or None after reporting what is wrong with it."""
        if self.positions.is_broken(*at):
            return None
        self._doubtful = False
        compiled = compile_expression(source, scope, expects=expects)
        if not isinstance(compiled, tuple):
            return compiled
        if not self._doubtful:
            for problem in compiled:
                self.find(problem.code, at, problem.message, problem.hint, offset=problem.offset)
        return None

    def scope(self, object_name: str, *, user: bool = False, old: bool = False) -> Scope:
        """The names an expression over an object may use: its fields, and what is asked for."""
        key = (object_name, user, old)
        found = self._scopes.get(key)
        if found is None:
            found = self._scopes[key] = self._make_scope(
                self.definitions.objects[object_name], user, old
            )
        return found

    def _make_scope(self, definition: ObjectDef, user: bool, old: bool) -> Scope:
        name = definition.name
        types = self._types_of(name)
        owners = self.owners.get(name)
        return _WatchedScope(
            types,
            self._follow,
            owners[0][0] if owners else "",
            ({"user": USER} if user else {}) | ({"old": types} if old else {}),
            doubt=lambda field: self._doubt(
                field in definition.fields or self.is_doubtful(name, field)
            ),
        )

    def _types_of(self, object_name: str) -> dict[str, ExprType]:
        """What the fields of an object are in an expression."""
        found = self._types.get(object_name)
        if found is None:
            found = self._types[object_name] = {
                field.name: type_
                for field in self.fields(object_name).values()
                if (type_ := field_type(field, object_name, self.catalog.types)) is not None
            }
        return found

    def type_of(self, field: FieldDef) -> FieldType | None:
        """The type of a field, built in or a plugin's; None where its name is none."""
        return type_of(field, self.catalog.types)

    def kinds(self, field: FieldDef, object_name: str) -> tuple[Kind, ...]:
        """The kinds of value an expression for a field may give."""
        return kinds(field, object_name, self.catalog.types)

    def _follow(self, object_name: str) -> Scope | None:
        if object_name not in self.definitions.objects:
            self._doubtful = True  # the link itself has been reported
            return None
        return self.scope(object_name)

    def _doubt(self, doubtful: bool) -> None:
        self._doubtful = self._doubtful or doubtful


class _WatchedScope(ObjectScope):
    """A scope that tells when a name is missing only because its field is misshapen."""

    def __init__(
        self,
        fields: Mapping[str, ExprType],
        find: Callable[[str], Scope | None],
        owner: str,
        variables: Mapping[str, dict[str, ExprType]],
        *,
        doubt: Callable[[str], None],
    ) -> None:
        super().__init__(fields, find, owner, variables)
        self._doubt = doubt

    def field(self, name: str) -> ExprType | None:
        """The type of a field of this object."""
        found = super().field(name)
        if found is None:
            self._doubt(name)
        return found
