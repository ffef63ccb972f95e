"""How services know each other: a MAC over the request, by a key that follows from the secret.

All services of an installation have the same master key (`secret_key`). A signature says which
service asks and when; it is good for a minute and for that path and body alone. What is said twice
has one effect, so that a repeat within the minute gains nothing.
"""

import hashlib
import hmac
import time

from objectry_runtime.store.keyring import Keyring

HEADER = "x-objectry-peer"
AGE_S_MAX = 60.0


def sign(keyring: Keyring, service: str, path: str, body: bytes) -> str:
    """The header's value."""
    moment = str(int(time.time()))
    return f"{service} {moment} {_mac(keyring, service, moment, path, body)}"


def signer(keyring: Keyring, header: str, path: str, body: bytes) -> str | None:
    """The service that signed, None where nobody did who may."""
    parts = header.split(" ")
    if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdecimal()):
        return None
    service, moment, mac = parts
    if abs(time.time() - int(moment[:12])) > AGE_S_MAX:
        return None
    wanted = _mac(keyring, service, moment, path, body)
    return service if hmac.compare_digest(mac.encode(), wanted.encode()) else None


def _mac(keyring: Keyring, service: str, moment: str, path: str, body: bytes) -> str:
    signed = "\n".join((service, moment, path, hashlib.sha256(body).hexdigest()))
    return hmac.new(keyring.derive("peers"), signed.encode(), hashlib.sha256).hexdigest()
