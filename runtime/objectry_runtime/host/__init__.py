"""What is hosted now: the live release with the plugins bound to it."""

from objectry_runtime.host.binding import build_live, missing_types
from objectry_runtime.host.computed import BoundComputed
from objectry_runtime.host.discovery import PluginProblem, discover
from objectry_runtime.host.live import Live
from objectry_runtime.host.view import Source

__all__ = [
    "BoundComputed",
    "Live",
    "PluginProblem",
    "Source",
    "build_live",
    "discover",
    "missing_types",
]
