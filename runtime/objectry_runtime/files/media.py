"""The media type of a file: what its first bytes say, before what its sender says."""

import re

# The first bytes of what can be told by them. WebP is one of several things in a RIFF file.
_MAGIC = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("application/pdf", re.compile(rb"%PDF-")),
    ("application/zip", re.compile(rb"PK(\x03\x04|\x05\x06)")),
    ("application/gzip", re.compile(rb"\x1f\x8b")),
)
_TOLD = frozenset(name for name, _ in _MAGIC)
# Files that are zip archives of parts: only their sender says of what.
_ZIPPED = re.compile(
    r"application/(vnd\.openxmlformats-officedocument\..+|vnd\.oasis\.opendocument\..+"
    r"|vnd\.ms-(excel|word|powerpoint)\..+|epub\+zip)"
)
_NAME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# A browser would run these, were they ever shown: they are kept as bytes of no type.
_ACTIVE = re.compile(r"text/(html|xml|xsl|.*script)|.+/.*(script|xml|xhtml|html|flash).*")
UNKNOWN = "application/octet-stream"


class Misnamed(Exception):
    """A file said to be what its bytes are not; `said` and what it `found`."""

    def __init__(self, said: str, found: str) -> None:
        super().__init__(f"{said}, found {found}")
        self.said = said
        self.found = found


def media_type(head: bytes, said: str) -> str:
    """The type of what begins with `head`; `said` is the Content-Type it came with.

    Raises Misnamed where it says a type that the bytes would show.
    """
    said = said.partition(";")[0].strip().lower()
    found = next((name for name, magic in _MAGIC if magic.match(head)), "")
    if said in _TOLD and said != found:
        raise Misnamed(said, found or UNKNOWN)
    if found == "application/zip" and _ZIPPED.fullmatch(said):
        return said
    if found:
        return found
    return said if _NAME.fullmatch(said) and not _ACTIVE.fullmatch(said) else UNKNOWN
