"""The write path: the only door through which a record changes."""

from objectry_runtime.command.commands import create, delete, update

__all__ = ["create", "delete", "update"]
