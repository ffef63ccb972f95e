"""Releases, their history and diff, and the storage map."""

from objectry.registry.allocation import allocate
from objectry.registry.diff import Change, diff_definitions
from objectry.registry.release import CorruptRelease, Release, content_hash, make_release
from objectry.registry.storage import StorageMap, TableStorage

__all__ = [
    "Change",
    "CorruptRelease",
    "Release",
    "StorageMap",
    "TableStorage",
    "allocate",
    "content_hash",
    "diff_definitions",
    "make_release",
]
