"""The embedded PostgreSQL: started when needed, shared by all programs of one state folder."""

from objectry_runtime.store.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
