"""What a request is answered with: bytes that pass through untouched, and their validators."""

import hashlib
from collections.abc import Mapping

import msgspec

DEPRECATED = "@0"  # RFC 9745: since a moment that is past; which one the release does not say


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A finished answer; `body` is JSON unless the status says that there is none."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


def with_deprecation(answer: Answer) -> Answer:
    """The answer to a request that used a name a field no longer has."""
    headers = {**answer.headers, "Deprecation": DEPRECATED}
    return msgspec.structs.replace(answer, headers=headers)


def entity_tag(version: str, body: bytes) -> str:
    """The ETag of a record's answer: its version, and a hash of what this caller was shown.

    Live fields and rights change the hash, writes the version; `If-Match` compares the version.
    """
    return f'"{version}.{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def matching(if_none_match: str, tag: str) -> str:
    """The client's own name of this answer where it has it already, else empty.

    Weak comparison (RFC 9110 13.1.2); a compressed answer has its coding behind the tag.
    """
    if if_none_match.strip() == "*":
        return tag
    for part in if_none_match.split(","):
        named = part.strip().removeprefix("W/")
        if named == tag or (named.startswith(tag[:-1] + "-") and named.endswith('"')):
            return named
    return ""
