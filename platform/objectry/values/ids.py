"""Record ids: UUIDv7 as canonical lower-case text, so that they sort by the time they were made."""

import re

import uuid_utils

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A new UUIDv7."""
    return str(uuid_utils.uuid7())


def parse_id(text: str) -> str | None:
    """The canonical form of a UUID written with hyphens in any case, or None."""
    lowered = text.lower() if text.isascii() else ""
    return lowered if _ID.fullmatch(lowered) else None
