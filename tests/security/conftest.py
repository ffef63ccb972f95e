"""Attacks on the small businesses of other tests."""

from tests.objectry_runtime.api.conftest import desk, published, settings
from tests.objectry_runtime.command.fixtures import trade, world

__all__ = ["desk", "published", "settings", "trade", "world"]
