"""Values that a body says only a part of: documents are merged, secrets are sealed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from objectry.expressions import Value, evaluator
from objectry.metadata.model import FieldModel
from objectry.metadata.types import SHOWN
from objectry.values.documents import Document, Json
from objectry_runtime.events.sealing import Subject
from objectry_runtime.events.secrets import seal_secret

if TYPE_CHECKING:
    from objectry_runtime.command.draft import Draft

Complete = Callable[["Draft"], Value]


def document(field: FieldModel) -> Complete:
    """A document as it is kept. A PATCH is a merge patch all the way down (RFC 7396)."""
    name, kind = field.name, field.type

    def complete(draft: "Draft") -> Value:
        value = draft.given.get(name)
        if not isinstance(value, Document):
            return value
        before = draft.old.get(name) if draft.old is not None else None
        if name in draft.named and not draft.fresh and isinstance(before, Document):
            value = Document(merged(before.json, value.json))
        settled = kind.settle(value)
        return None if kind.parts and not settled.json else settled

    return _where_it_applies(field, complete)


def sealed(field: FieldModel) -> Complete:
    """A secret as it lies: what a body says is sealed at once, and never told again."""
    name = field.name

    def complete(draft: "Draft") -> Value:
        value = draft.given.get(name)
        if not isinstance(value, str) or name not in draft.named:
            return value
        if value == SHOWN:  # as it was shown: it stays
            return draft.old.get(name) if draft.old is not None else None
        call = draft.context.call
        subject = Subject(call.principal.tenant, draft.model.name, draft.id)
        return seal_secret(call.keyring, value, subject, name)

    return _where_it_applies(field, complete)


def merged(before: Json, patch: Json) -> Json:
    """RFC 7396: members of the patch replace, null takes away; anything but an object replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(before) if isinstance(before, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _where_it_applies(field: FieldModel, complete: Complete) -> Complete:
    if field.when is None:
        return complete
    condition = evaluator(field.when.tree)
    return lambda draft: complete(draft) if condition(draft.env) is True else None
