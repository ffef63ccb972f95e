"""Attacks on the small businesses of other tests."""

from tests.objectry_runtime.command.fixtures import trade, world

__all__ = ["trade", "world"]
