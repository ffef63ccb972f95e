"""Engines, the executor, the embedded PostgreSQL; the only package that opens a connection."""
