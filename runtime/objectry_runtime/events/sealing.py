"""Sealing: sensitive values are encrypted with the record's own key before they reach the past.

History and events are never rewritten, so erasing a person's values means destroying the key they
were sealed with. A sealed value is bound to its tenant, object, record and field: moved elsewhere
it does not open.
"""

import base64
import hashlib
import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectry_runtime.events.json_values import Json, as_object, decode_exactly
from objectry_runtime.store.keyring import Keyring

SEALED = "$sealed"
PURPOSE = "subject_key"
KEY_ID_BYTES = 8
NONCE_BYTES = 12


class Subject(msgspec.Struct, frozen=True):
    """The record whose values are sealed."""

    tenant: int
    object: str
    record: str


class SealBroken(Exception):
    """A sealed value that does not open: changed, moved, or sealed with another key."""


def new_subject_key() -> bytes:
    """A key for one record."""
    return AESGCM.generate_key(256)


def wrap_key(keyring: Keyring, key: bytes, subject: Subject) -> bytes:
    """The record's key as it may be stored: encrypted by the master key, for this record."""
    return _encrypt(keyring.derive(PURPOSE), key, _context(subject, ""))


def unwrap_key(keyring: Keyring, wrapped: bytes, subject: Subject) -> bytes:
    """The record's key again."""
    return _decrypt(keyring.derive(PURPOSE), wrapped, _context(subject, ""))


class Sealer:
    """Seals values of one record with its key."""

    def __init__(self, key: bytes, subject: Subject) -> None:
        self._subject = subject
        self._cipher = AESGCM(key)
        self._key_id = _key_id(key)

    def seal(self, value: Json, field: str) -> dict[str, str]:
        """The value of a field (`birth_date`, `lines.note`), sealed. Null is sealed too."""
        nonce = os.urandom(NONCE_BYTES)
        plain, context = msgspec.json.encode(value), _context(self._subject, field)
        sealed = self._key_id + nonce + self._cipher.encrypt(nonce, plain, context)
        return {SEALED: base64.b64encode(sealed).decode()}


def seal(key: bytes, value: Json, subject: Subject, field: str) -> dict[str, str]:
    """One value sealed; see `Sealer.seal`."""
    return Sealer(key, subject).seal(value, field)


def is_sealed(value: Json) -> bool:
    """Whether a value is a sealed one."""
    return isinstance(value, Mapping) and SEALED in value


def open_sealed(key: bytes | None, value: Json, subject: Subject, field: str) -> Json:
    """The value that was sealed; what isn't sealed as it is.

    Null once its key is erased, also when a later write has made the record a new one.
    """
    if not is_sealed(value):
        return value
    text = as_object(value)[SEALED]
    if not isinstance(text, str):
        raise SealBroken(f"{subject.object}/{subject.record}: {field} holds no sealed value")
    sealed = _unbase64(text)
    if key is None or sealed[:KEY_ID_BYTES] != _key_id(key):
        return None
    return decode_exactly(_decrypt(key, sealed[KEY_ID_BYTES:], _context(subject, field)))


def _key_id(key: bytes) -> bytes:
    """Which key sealed a value, without telling anything of the key."""
    return hashlib.blake2b(key, digest_size=KEY_ID_BYTES, person=b"objectry key id").digest()


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SealBroken("not base64") from error


def _context(subject: Subject, field: str) -> bytes:
    """What the ciphertext is bound to. JSON, so that no two contexts read the same."""
    return msgspec.json.encode((subject.tenant, subject.object, subject.record, field))


def _encrypt(key: bytes, plain: bytes, context: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def _decrypt(key: bytes, sealed: bytes, context: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"not sealed for {context.decode()}") from error
