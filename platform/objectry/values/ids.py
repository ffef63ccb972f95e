"""Record ids: UUIDv7 as canonical lower-case text, so that they sort by the time they were made."""

import hashlib
import re

import uuid_utils

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A new UUIDv7."""
    return str(uuid_utils.uuid7())


def fixed_id(*names: object) -> str:
    """The id of what is there once only: the same names always give the same one.

    It has the form of the others, with a time before every real one.
    """
    digest = hashlib.sha256("\n".join(str(name) for name in names).encode()).hexdigest()
    return f"00000000-0000-7{digest[:3]}-8{digest[3:6]}-{digest[6:18]}"


def parse_id(text: str) -> str | None:
    """The canonical form of a UUID written with hyphens in any case, or None."""
    lowered = text.lower() if text.isascii() else ""
    return lowered if _ID.fullmatch(lowered) else None
