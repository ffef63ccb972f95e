"""The master key: from the settings, or a file in the state folder that is made on first use."""

import base64
import binascii
import os
import secrets
from pathlib import Path

from objectry_runtime.services.settings import Settings
from objectry_runtime.store.keyring import Keyring

BYTES = 32
NAME = "secret.key"


class SecretProblem(Exception):
    """The master key can't be used; the message says why."""


def load_keyring(settings: Settings) -> Keyring:
    """The keyring of this installation. Raises SecretProblem."""
    given = settings.text("secret_key")
    if given:
        return Keyring(_decode(given, "The setting secret_key"))
    path = settings.state / NAME
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        text = _make(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SecretProblem(f"{path} can't be read: {error}") from error
    return Keyring(_decode(text, str(path)))


def _make(path: Path) -> str:
    """Write a new key so that two programs starting at once end up with the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{NAME}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(BYTES)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # fails when another was quicker: then theirs holds
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="ascii")


def _decode(text: str, place: str) -> bytes:
    text = text.strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if len(key) < BYTES:
        raise SecretProblem(
            f"{place} is no key: it takes at least {BYTES} bytes in hex or base64, as"
            " `openssl rand -base64 32` prints them."
        )
    return key
