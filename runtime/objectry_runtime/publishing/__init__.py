"""The Release store, introspection, first publish, apply, hot swap."""

from importlib import import_module
from typing import TYPE_CHECKING

from objectry_runtime.publishing.first import ensure_first_release
from objectry_runtime.publishing.releases import (
    Published,
    live_release,
    live_source,
    note_source,
    releases,
)
from objectry_runtime.publishing.watch import watch

if TYPE_CHECKING:
    from objectry_runtime.publishing.applying import (
        PlanMoved,
        PlanRefused,
        Progress,
        PublishConflict,
        PublishError,
        StepFailed,
        apply,
    )
    from objectry_runtime.publishing.introspection import introspect
    from objectry_runtime.publishing.plan import make_plan

__all__ = [
    "PlanMoved",
    "PlanRefused",
    "Progress",
    "PublishConflict",
    "PublishError",
    "Published",
    "StepFailed",
    "apply",
    "ensure_first_release",
    "introspect",
    "live_release",
    "live_source",
    "make_plan",
    "note_source",
    "releases",
    "watch",
]

_LAZY = {"introspect": "introspection", "make_plan": "plan"}


def __getattr__(name: str) -> object:
    """What plans and applies is loaded when first asked for: it needs SQLAlchemy, serving not."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY.get(name, 'applying')}"), name)
