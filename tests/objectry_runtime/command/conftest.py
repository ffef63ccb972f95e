"""The small business, for tests of commands."""

from tests.objectry_runtime.command.fixtures import trade, world

__all__ = ["trade", "world"]
