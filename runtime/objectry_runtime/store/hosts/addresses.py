"""The addresses of read replicas, as the setting `replica_urls` names them."""

import re

from psycopg import ProgrammingError, conninfo

from objectry_runtime.store.database import Database, DatabaseUnusable

_BETWEEN = re.compile(r"[\s,]+(?=postgres(?:ql)?://)")
_SCHEME = re.compile(r"postgres(?:ql)?://")


def replica_dsns(urls: str) -> tuple[str, ...]:
    """The runtime's address of each replica; raises DatabaseUnusable with what is wrong.

    Only connects to a server that is a standby at that moment, whatever the address says.
    """
    dsns = tuple(_dsn(url) for url in _BETWEEN.split(urls.strip(" \t\r\n,")) if url)
    if len(set(dsns)) < len(dsns):
        raise DatabaseUnusable("a replica is named twice")
    return dsns


def place(dsn: str) -> str:
    """Host and port of an address, for logs and metrics."""
    words = conninfo.conninfo_to_dict(dsn)
    host = words.get("host") or words.get("hostaddr") or words.get("service") or "local"
    return f"{host}:{words['port']}" if words.get("port") else str(host)


def _dsn(url: str) -> str:
    if not _SCHEME.match(url):
        raise DatabaseUnusable("it takes URLs (postgresql://…) with spaces or commas between them")
    try:
        words = conninfo.conninfo_to_dict(url)
    except ProgrammingError as error:  # its message may quote the password
        raise DatabaseUnusable("an address can't be read: not all of it is URL-encoded") from error
    if any("," in str(words.get(name) or "") for name in ("host", "hostaddr", "port")):
        # How far each is behind must be known: connections may not land on either.
        raise DatabaseUnusable("each replica has a URL of its own, with one host")
    words = {"connect_timeout": "3"} | words | {"target_session_attrs": "standby"}
    return Database.of(conninfo.make_conninfo("", **words)).runtime_dsn
