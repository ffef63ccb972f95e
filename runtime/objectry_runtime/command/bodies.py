"""Bodies: what a request says, as typed values, with everything that is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeGuard

import msgspec

from objectry.compiler.codecs import (
    Codec,
    Decoded,
    InvalidJson,
    Issue,
    compile_codec,
    decode_json,
)
from objectry_runtime.command.translations import Texts, companions, part
from objectry_runtime.host.live import Live
from objectry_runtime.permissions import Policy, WriteAction, policy
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.statements import Kept, kept

ROWS_MAX = 10_000


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a body: its typed values, its issues, where it lies in the whole."""

    pointer: str
    decoded: Decoded
    translations: Mapping[str, Texts] = {}


class Rights:
    """What callers with some roles may do with the fields of an object and of its lines, by place.

    Ask `write_rights`; what was asked once is known. Places that are no field are not kept.
    """

    def __init__(self, live: Live, policy: Policy, action: WriteAction) -> None:
        self._live = live
        self._policy = policy
        self._action: WriteAction = action
        self._writable: dict[str, bool] = {}
        self._visible: dict[str, bool] = {}

    def may_write(self, place: str) -> bool:
        """Whether a body may name the field: for every record, or for some."""
        known = self._writable.get(place)
        if known is not None:
            return known
        found = self._of(place)
        if found is None:
            return False
        rights, field = found
        # An update of a record may add lines to it: which are new is known later.
        actions: tuple[WriteAction, ...] = (
            ("create", self._action) if "." in place else (self._action,)
        )
        may = any(rights.field(field, "write", action=one) is not False for one in actions)
        self._writable[place] = may
        return may

    def may_see(self, place: str) -> bool:
        """Whether the field exists for the caller."""
        known = self._visible.get(place)
        if known is not None:
            return known
        found = self._of(place)
        if found is None:
            return False
        self._visible[place] = may = self.may_write(place) or found[0].shows(found[1])
        return may

    def _of(self, place: str) -> tuple[Policy, str] | None:
        """The policy that decides over a place; None where no field can be (a key with dots)."""
        table, _, field = place.rpartition(".")
        model = self._live.model.object(self._policy.object)
        if table:
            if table not in model.tables:
                return None
            model = self._live.model.object(model.tables[table])
        if field not in model.fields:
            return None
        return policy(self._live, model.name, self._policy.roles), field


class _AllRights(Kept[Rights]):
    """What callers may write, by object, roles and action."""


def write_rights(live: Live, policy: Policy, action: WriteAction) -> Rights:
    """What the roles of a policy may do with the fields of its object."""
    key = (policy.object, policy.roles, action)
    return kept(live, _AllRights).get(key, lambda: Rights(live, policy, action))


def codec_of(live: Live, object_name: str) -> Codec:
    """The codec of an object, compiled once per release."""
    key = ("command.codec", object_name)
    found = live.compiled.get(key)
    if found is None:
        found = live.compiled[key] = compile_codec(live.model, object_name)
    assert isinstance(found, Codec)
    return found


def parse(body: bytes) -> object:
    """The JSON of a body; one that can't be read is a 400."""
    try:
        return decode_json(body)
    except InvalidJson as error:
        issue = error.issue
        raise Problem(400, "invalid_json", "The body can't be read.", issue.message) from None


class Speech(msgspec.Struct, frozen=True):
    """The translated fields of an object, the language of a body, and the usual one."""

    fields: tuple[str, ...]
    language: str
    usual: str
    fresh: bool


def read_one(
    live: Live,
    object_name: str,
    document: object,
    rights: Rights,
    *,
    partial: bool,
    speech: Speech | None = None,
) -> Body:
    """One record's document."""
    return _read(codec_of(live, object_name), document, rights, partial, "", speech)


def read_many(
    live: Live,
    object_name: str,
    document: object,
    rights: Rights,
    speech: Speech | None = None,
) -> list[Body]:
    """The document of a POST: a record, or an array of records."""
    codec = codec_of(live, object_name)
    if not is_array(document):
        return [_read(codec, document, rights, False, "", speech)]
    if not document:
        raise invalid([FieldError("", "min_length", "The array has no record.")])
    if len(document) > ROWS_MAX:
        message = f"At most {ROWS_MAX} records at once, got {len(document)}."
        raise invalid([FieldError("", "max_length", message)])
    return [_read(codec, one, rights, False, f"/{row}", speech) for row, one in enumerate(document)]


def errors_of(issues: Sequence[Issue]) -> list[FieldError]:
    """The codec's issues as errors of a request."""
    return [FieldError(one.pointer, one.code, one.message) for one in issues]


def is_object(document: object) -> TypeGuard[dict[str, object]]:
    """Whether a decoded value is a JSON object; its keys are texts."""
    return isinstance(document, dict)


def is_array(document: object) -> TypeGuard[list[object]]:
    """Whether a decoded value is a JSON array."""
    return isinstance(document, list)


def takes_nothing(body: bytes, action: str) -> None:
    """Refuse a body of an action that has no parameters."""
    document = parse(body)
    if empty(document):
        return
    if is_object(document):
        message = f"`{action}` takes no parameters."
        raise invalid([FieldError(step(key), "unknown_field", message) for key in document])
    raise invalid([FieldError("", "type", f"`{action}` takes no parameters: send {{}}.")])


def step(name: object) -> str:
    """One step of a JSON pointer (RFC 6901), cut where a key is absurdly long."""
    return "/" + str(name)[:100].replace("~", "~0").replace("/", "~1")


def _read(
    codec: Codec,
    document: object,
    rights: Rights,
    partial: bool,
    pointer: str,
    speech: Speech | None,
) -> Body:
    may_write: Callable[[str], bool] = rights.may_write
    parted = None
    if speech is not None and speech.fields:
        fields = tuple(name for name in speech.fields if may_write(name))
        parted = part(document, fields, speech.language, speech.usual, fresh=speech.fresh)
        document = parted.document
    decoded = codec.read(
        document, partial=partial, writable=may_write, visible=rights.may_see, pointer=pointer
    )
    if parted is None or not (parted.texts or parted.issues):
        return Body(pointer=pointer, decoded=decoded)
    issues = [msgspec.structs.replace(one, pointer=pointer + one.pointer) for one in parted.issues]
    decoded = msgspec.structs.replace(
        decoded,
        values={**decoded.values, **companions(parted.texts, {})},
        issues=(*decoded.issues, *issues),
    )
    return Body(pointer=pointer, decoded=decoded, translations=parted.texts)


def empty(document: object) -> bool:
    """Whether a body says nothing."""
    return document is None or (isinstance(document, Mapping) and not document)
