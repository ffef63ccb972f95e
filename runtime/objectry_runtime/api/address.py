"""The request's address: path segments and query parameters, decoded strictly or refused."""

import re
from urllib.parse import unquote_to_bytes

from objectry_runtime.problems import Problem

ADDRESS_BYTES_MAX = 16_384
PARAMETERS_MAX = 200

Params = tuple[tuple[str, str], ...]

# Addresses made of nothing else (and most are) need no second look at each of their parts.
_PLAIN_PATH = re.compile(rb"[A-Za-z0-9._~/:@!$'()*,;=-]*")
_PLAIN_QUERY = re.compile(rb"[A-Za-z0-9._~:@!$'()*,;=&/?-]*")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def read_segments(raw_path: bytes, prefix: bytes) -> tuple[str, ...]:
    """The path below `prefix`, split at `/` before decoding: `%2F` stays inside its segment.

    One trailing slash is forgiven; an empty segment inside is a segment like any other.
    """
    rest = raw_path[len(prefix) :].strip(b"/") if raw_path.startswith(prefix) else b""
    if not rest:
        return ()
    if _PLAIN_PATH.fullmatch(rest):
        return tuple(rest.decode("ascii").split("/"))
    return tuple([_decode(part, "path") for part in rest.split(b"/")])


def read_params(query: bytes) -> Params:
    """The query's parameters in their order, repeated ones included."""
    if not query:
        return ()
    parts = [part for part in query.split(b"&") if part]
    if len(parts) > PARAMETERS_MAX:
        raise Problem(
            400,
            "bad_query",
            "The query can't be read.",
            f"It has {len(parts)} parameters; at most {PARAMETERS_MAX} are taken.",
        )
    params: list[tuple[str, str]] = []
    plain = _PLAIN_QUERY.fullmatch(query) is not None
    for part in parts:
        if plain:
            plain_name, _, plain_value = part.decode("ascii").partition("=")
            params.append((plain_name, plain_value))
            continue
        name, _, value = part.replace(b"+", b" ").partition(b"=")
        params.append((_decode(name, "query"), _decode(value, "query")))
    return tuple(params)


def check_length(raw_path: bytes, query: bytes) -> None:
    """Refuse an address that no honest client sends."""
    length = len(raw_path) + len(query)
    if length > ADDRESS_BYTES_MAX:
        raise Problem(
            414,
            "address_too_long",
            "The address is too long.",
            f"It has {length} bytes; at most {ADDRESS_BYTES_MAX} are taken.",
        )


def _decode(part: bytes, place: str) -> str:
    code, title = f"bad_{place}", f"The {place} can't be read."
    if b"%" in part:
        bad = _BAD_ESCAPE.search(part)
        if bad is not None:
            shown = part[bad.start() : bad.start() + 3].decode("ascii", "replace")
            raise Problem(
                400, code, title, f'"{shown}" is no percent escape: two hex digits follow a "%".'
            )
        part = unquote_to_bytes(part)
    try:
        text = part.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(
            400, code, title, "It is not UTF-8: send text as percent-encoded UTF-8."
        ) from None
    # Line ends and tabs may stand in a filter's text; NUL is no text for PostgreSQL.
    if "\x00" in text or (place == "path" and _CONTROL.search(text)):
        raise Problem(400, code, title, "It holds a control character.")
    return text
