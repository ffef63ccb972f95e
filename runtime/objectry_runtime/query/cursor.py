"""Cursors: where a reader stopped, signed, and good only for the query that gave them out."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from objectry_runtime.query.refusal import bad_query
from objectry_runtime.store.keyring import Keyring

PURPOSE = "cursor"
SIGNATURE_BYTES = 16
LENGTH_MAX = 8192

Values = tuple[str | None, ...]
_decoder = msgspec.json.Decoder(Values)


def fingerprint(parts: Sequence[object]) -> str:
    """What a cursor belongs to: tenant, object, order and filters, in any release."""
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def sign_cursor(keyring: Keyring, belongs_to: str, values: Values) -> str:
    """The opaque text of a position."""
    payload = msgspec.json.encode(values)
    signed = _signature(keyring, belongs_to, payload) + payload
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def read_cursor(keyring: Keyring, belongs_to: str, text: str, count: int) -> Values:
    """The position a cursor stands for; a 400 unless it was given out for this very query."""
    try:
        if len(text) > LENGTH_MAX or not text.isascii():
            raise _foreign()
        signed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _foreign() from None
    signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(keyring, belongs_to, payload)):
        raise _foreign()
    values = _decoder.decode(payload)
    if len(values) != count:
        raise _foreign()
    return values


def _signature(keyring: Keyring, belongs_to: str, payload: bytes) -> bytes:
    key = keyring.derive(PURPOSE)
    message = belongs_to.encode() + b"\n" + payload
    return hmac.digest(key, message, hashlib.sha256)[:SIGNATURE_BYTES]


def _foreign() -> Exception:
    return bad_query(
        "cursor: this server did not give it out for this query. Send `next` of the last answer,"
        " with the same filters and the same sort; or start again without it."
    )
