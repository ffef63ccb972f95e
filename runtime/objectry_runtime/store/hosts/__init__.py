"""Servers with the same data: one primary, and replicas for reads that may be stale."""

from objectry_runtime.store.hosts.addresses import replica_dsns
from objectry_runtime.store.hosts.hosts import Hosts
from objectry_runtime.store.hosts.reads import StaleReads

__all__ = ["Hosts", "StaleReads", "replica_dsns"]
