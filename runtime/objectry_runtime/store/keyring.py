"""Keys: one master secret, and a key of its own for every purpose derived from it."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Keyring:
    """Derives purpose-bound 256-bit keys from the master secret (HKDF-SHA256)."""

    def __init__(self, master: bytes) -> None:
        assert len(master) >= 32, "a master secret has at least 32 bytes"
        self._master = master
        self._derived: dict[str, bytes] = {}

    def derive(self, purpose: str) -> bytes:
        """The key for `purpose`; the same purpose always gives the same key."""
        if purpose not in self._derived:
            kdf = HKDF(algorithm=SHA256(), length=32, salt=b"objectry", info=purpose.encode())
            self._derived[purpose] = kdf.derive(self._master)
        return self._derived[purpose]
