"""Releases, their history and diff, and the storage map."""
