"""The Release store, introspection, first publish, apply, hot swap."""

from objectry_runtime.publishing.apply import (
    PlanMoved,
    PlanRefused,
    Progress,
    PublishConflict,
    PublishError,
    StepFailed,
    apply,
    ensure_first_release,
)
from objectry_runtime.publishing.introspect import introspect
from objectry_runtime.publishing.plan import make_plan
from objectry_runtime.publishing.releases import Published, live_release, releases
from objectry_runtime.publishing.watch import watch

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
    "make_plan",
    "releases",
    "watch",
]
