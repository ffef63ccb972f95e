"""The small business, for tests of transitions and conversions."""

from tests.objectry_runtime.command.fixtures import trade, world

__all__ = ["trade", "world"]
