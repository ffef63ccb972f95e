"""A body → typed values and all its issues, one compiled codec per object."""

from collections.abc import Callable, Mapping

import msgspec
from rapidfuzz import process

from objectry.compiler.codecs.issue import Issue, is_array, is_object, step
from objectry.compiler.codecs.json_text import decode_json
from objectry.metadata.model import Derivation, FieldModel, Model, ObjectModel
from objectry.metadata.types import ROWS_MAX, Reader, Refused, Scalar, named
from objectry.values.ids import parse_id

ISSUES_MAX = 1_000
NEAR = 70

Row = dict[str, Scalar | None]
Value = Scalar | None | list[Row]
May = Callable[[str], bool]


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """What a body says, and everything wrong with it.

    `values` holds the fields the body names, typed; a table's rows are dicts, with "id" where the
    body gives one. `state` is what the body says of the workflow's field (UNSET: nothing): there
    is an issue of code "state" for it, to be dropped by who knows that it equals the state now.
    `deprecated` are the old names (`was:`) the body used.
    """

    values: dict[str, Value]
    issues: tuple[Issue, ...]
    state: object = msgspec.UNSET
    deprecated: tuple[str, ...] = ()


class Codec:
    """Reads bodies of one object. Make one with `compile_codec`; it is immutable and shareable."""

    def __init__(self, owner: ObjectModel, lines: Mapping[str, ObjectModel]) -> None:
        """`lines` holds the line object of every table field."""
        self._fields = _Fields(owner)
        self._lines = {name: _Fields(line) for name, line in lines.items()}

    @staticmethod
    def decode(body: bytes) -> object:
        """Read the JSON text exactly; raises InvalidJson."""
        return decode_json(body)

    def read(
        self,
        document: object,
        *,
        partial: bool,
        writable: May,
        visible: May | None = None,
        pointer: str = "",
    ) -> Decoded:
        """Type the values and collect all issues.

        `partial`: what is absent stays as it is (PATCH); otherwise required fields without a
        default must be there. `writable` and `visible` are the caller's rights by field name, by
        `lines.quantity` for a row's field: what is not visible is answered like a typo.
        `pointer` comes before every issue's own (a row of a bulk body: `/3`).
        """
        reading = _Reading(writable, visible)
        if not is_object(document):
            message = f"A record is a JSON object, got {named(document)}."
            return Decoded(values={}, issues=(Issue(pointer, "type", message),))
        values = reading.read(document, self._fields, pointer, partial, self._lines)
        return Decoded(
            values=values,
            issues=tuple(reading.issues[:ISSUES_MAX]),
            state=reading.state,
            deprecated=tuple(reading.deprecated),
        )


def compile_codec(model: Model, name: str) -> Codec:
    """The codec of an object (some 20 µs per field; callers keep it with the release)."""
    owner = model.object(name)
    lines = {table: model.object(line) for table, line in owner.tables.items()}
    return Codec(owner, lines)


class _Fields:
    """An object's fields, sorted by what a body may do with them."""

    def __init__(self, owner: ObjectModel) -> None:
        self.line = owner.is_line
        self.readers: dict[str, Reader] = {}
        self.tables: set[str] = set()
        self.required: set[str] = set()
        self.required_in_full: list[str] = []
        self.aliases: dict[str, str] = {}
        self.workflow = owner.workflow.field if owner.workflow else ""
        self.locked: dict[str, str] = {}
        for name, field in owner.fields.items():
            if field.writable:
                self._add(owner, name, field)
            elif name != self.workflow:
                self.locked[name] = _why_locked(field)

    def _add(self, owner: ObjectModel, name: str, field: FieldModel) -> None:
        if field.is_table:
            self.tables.add(name)
        else:
            self.readers[name] = field.type.reader(owner.use(field))
        if field.definition.was:
            self.aliases[field.definition.was] = name
        if field.definition.required and field.when is None:
            self.required.add(name)
            if field.default is None:
                self.required_in_full.append(name)


def _why_locked(field: FieldModel) -> str:
    match field.derivation:
        case Derivation.SYSTEM:
            return "The platform sets this field."
        case Derivation.INPUT:
            return "This field is read-only."
        case _:
            return "This field is computed; it can't be written."


class _Reading:
    """One pass over one body."""

    def __init__(self, writable: May, visible: May | None) -> None:
        self.writable = writable
        self.visible = visible
        self.issues: list[Issue] = []
        self.state: object = msgspec.UNSET
        self.deprecated: list[str] = []

    def read(
        self,
        document: dict[str, object],
        fields: _Fields,
        pointer: str,
        partial: bool,
        lines: Mapping[str, _Fields],
        prefix: str = "",
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        readers = fields.readers
        for key, value in document.items():
            name = key
            reader = readers.get(key)
            if reader is None and key not in fields.tables:
                found = self._other(key, value, fields, pointer, prefix, document)
                if found is None:
                    continue
                name, reader = found, readers.get(found)
            place = prefix + name
            if self.visible is not None and not self.visible(place):
                self._unknown(key, fields, pointer, prefix)
            elif not self.writable(place):
                self._add(pointer, key, "read_only", "You may not write this field.")
            elif value is None or (value == [] and reader is None):
                if name in fields.required:
                    self._add(pointer, key, "required", "A value is needed here.")
                else:
                    values[name] = [] if reader is None else None
            elif reader is None:
                values[name] = self._rows(
                    value, lines[name], pointer + step(key), partial, f"{place}."
                )
            else:
                try:
                    values[name] = reader(value)
                except Refused as refused:
                    self._refuse(pointer, key, refused)
        if not partial:
            self._require(document, fields, values, pointer, prefix)
        return values

    def _rows(
        self, value: object, fields: _Fields, pointer: str, partial: bool, prefix: str
    ) -> list[Row]:
        if not is_array(value):
            message = f"Expected an array of rows, got {named(value)}."
            self.issues.append(Issue(pointer, "type", message))
            return []
        if len(value) > ROWS_MAX:
            message = f"At most {ROWS_MAX} rows, got {len(value)}."
            self.issues.append(Issue(pointer, "max_length", message))
            return []
        rows: list[Row] = []
        seen: set[str] = set()
        for number, item in enumerate(value):
            place = f"{pointer}/{number}"
            if len(self.issues) >= ISSUES_MAX:
                break
            if not is_object(item):
                message = f"A row is a JSON object, got {named(item)}."
                self.issues.append(Issue(place, "type", message))
                continue
            rows.append(self._row(item, fields, place, partial, prefix, seen))
        return rows

    def _row(
        self,
        item: dict[str, object],
        fields: _Fields,
        pointer: str,
        partial: bool,
        prefix: str,
        seen: set[str],
    ) -> Row:
        identity = item.get("id")
        row: Row = {}
        if identity is not None:
            known = parse_id(identity) if isinstance(identity, str) else None
            if known is None:
                self._add(pointer, "id", "link", "A row's id is a UUID; a new row has none.")
            elif known in seen:
                self._add(pointer, "id", "duplicate", "This row comes twice.")
            else:
                seen.add(known)
                row["id"] = known
        rest = {key: value for key, value in item.items() if key != "id"} if "id" in item else item
        values = self.read(rest, fields, pointer, partial and identity is not None, {}, prefix)
        for name, value in values.items():
            assert not isinstance(value, list), "lines have no lines"
            row[name] = value
        return row

    def _other(
        self,
        key: str,
        value: object,
        fields: _Fields,
        pointer: str,
        prefix: str,
        document: Mapping[str, object],
    ) -> str | None:
        """A key that is no writable field: the field whose old name it is, or an issue."""
        renamed = fields.aliases.get(key)
        if renamed is not None:
            if renamed in document:
                message = f"{key} is the old name of {renamed}, which is given too."
                self._add(pointer, key, "duplicate", message)
                return None
            self.deprecated.append(prefix + key)
            return renamed
        known = key == fields.workflow or key in fields.locked
        # Rights are asked of fields that there are, never of what somebody made up.
        if not known or not (self.visible is None or self.visible(prefix + key)):
            self._unknown(key, fields, pointer, prefix)
        elif key == fields.workflow:
            self.state = value
            self._add(pointer, key, "state", "A state changes by a transition only.")
        else:
            self._add(pointer, key, "read_only", fields.locked[key])
        return None

    def _unknown(self, key: str, fields: _Fields, pointer: str, prefix: str) -> None:
        if len(self.issues) >= ISSUES_MAX:
            return
        known = [
            name
            for name in (*fields.readers, *fields.tables)
            if self.writable(prefix + name)
            and (self.visible is None or self.visible(prefix + name))
        ]
        near = process.extractOne(key[:64], known, score_cutoff=NEAR)
        hint = f" Did you mean {near[0]}?" if near else ""
        self._add(pointer, key, "unknown_field", f"There is no such field.{hint}")

    def _require(
        self,
        document: Mapping[str, object],
        fields: _Fields,
        values: Mapping[str, Value],
        pointer: str,
        prefix: str,
    ) -> None:
        for name in fields.required_in_full:
            if name in values or name in document or not self.writable(prefix + name):
                continue
            if any(old in document for old, new in fields.aliases.items() if new == name):
                continue
            self._add(pointer, name, "required", "A value is needed here.")

    def _refuse(self, pointer: str, key: str, refused: Refused) -> None:
        """What is wrong with a value, or with each of its parts."""
        if not refused.parts:
            self._add(pointer, key, refused.code, refused.message)
        for part, why in refused.parts:
            self._refuse(pointer + step(key), part, why)

    def _add(self, pointer: str, key: str, code: str, message: str) -> None:
        if len(self.issues) < ISSUES_MAX:
            self.issues.append(Issue(pointer + step(key), code, message))
