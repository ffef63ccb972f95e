"""The write path: the only door through which a record changes."""

from objectry_runtime.command.commands import create, ensure_single, update
from objectry_runtime.command.removal import delete
from objectry_runtime.command.single import single_id

__all__ = ["create", "delete", "ensure_single", "single_id", "update"]
