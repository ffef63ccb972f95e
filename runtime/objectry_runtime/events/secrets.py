"""Secrets: sealed with a key of this installation, opened only for the machine's own use.

A sealed secret is bound to its tenant, object, record and field, as a sealed value is. Images
never hold it: what history and events keep is that there was one.
"""

import base64
import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectry.metadata.model import Model, ObjectModel
from objectry.metadata.types import SHOWN
from objectry_runtime.events.json_values import Json, as_object, as_rows
from objectry_runtime.events.sealing import NONCE_BYTES, SealBroken, Subject
from objectry_runtime.store.keyring import Keyring

PURPOSE = "secret_field"

Image = Mapping[str, Json]


def seal_secret(keyring: Keyring, secret: str, subject: Subject, field: str) -> str:
    """The secret as it may lie in the database."""
    nonce = os.urandom(NONCE_BYTES)
    cipher = AESGCM(keyring.derive(PURPOSE))
    sealed = cipher.encrypt(nonce, secret.encode(), _context(subject, field))
    return base64.b64encode(nonce + sealed).decode()


def open_secret(keyring: Keyring, sealed: str, subject: Subject, field: str) -> str:
    """The secret again. Raises SealBroken where it was sealed elsewhere, or is no sealed one."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        cipher = AESGCM(keyring.derive(PURPOSE))
        nonce, text = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        return cipher.decrypt(nonce, text, _context(subject, field)).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"{subject.object}/{subject.record}: {field} does not open") from error


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """The secret fields of an object, and of its lines by table field."""

    fields: tuple[str, ...]
    lines: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.fields or self.lines)

    def hide(self, image: Image) -> dict[str, Json]:
        """The record as anybody may see it: of a secret only that there is one."""
        hidden = {**image, **{name: _shown(image[name]) for name in self.fields if name in image}}
        for table, names in self.lines.items():
            if table in hidden:
                hidden[table] = _rows(hidden[table], names)
        return hidden

    def hide_changes(self, changes: Image) -> dict[str, Json]:
        """`{"field": {"from", "to"}}` in the same way."""
        ends = {name: as_object(change) for name, change in changes.items()}
        froms = self.hide({name: change["from"] for name, change in ends.items()})
        tos = self.hide({name: change["to"] for name, change in ends.items()})
        return {name: {"from": froms[name], "to": tos[name]} for name in ends}


def secrets_of(model: Model, object_model: ObjectModel) -> Secrets:
    """What of an object is never told."""
    lines = {
        table: _names(model.line_object(object_model.name, table)) for table in object_model.tables
    }
    return Secrets(
        fields=_names(object_model), lines={table: names for table, names in lines.items() if names}
    )


def _names(object_model: ObjectModel) -> tuple[str, ...]:
    return tuple(name for name, field in object_model.fields.items() if field.type.sealed)


def _shown(value: Json) -> Json:
    return None if value is None else SHOWN


def _rows(rows: Json, names: tuple[str, ...]) -> list[dict[str, Json]] | None:
    if rows is None:
        return None
    return [
        {key: _shown(value) if key in names else value for key, value in as_object(row).items()}
        for row in as_rows(rows)
    ]


def _context(subject: Subject, field: str) -> bytes:
    """What the ciphertext is bound to. JSON, so that no two contexts read the same."""
    return msgspec.json.encode((subject.tenant, subject.object, subject.record, field))
