"""Tables now and tables wanted → a plan of steps."""

from objectry.planner.changes import plan_changes
from objectry.planner.live import LiveColumn, LiveConstraint, LiveIndex, LiveSchema, LiveTable
from objectry.planner.plan import Lock, Plan, Step, StepKind

__all__ = [
    "LiveColumn",
    "LiveConstraint",
    "LiveIndex",
    "LiveSchema",
    "LiveTable",
    "Lock",
    "Plan",
    "Step",
    "StepKind",
    "plan_changes",
]
