"""Transitions and conversions: commands of their own kind."""

from objectry_runtime.workflow.actions import act, act_together
from objectry_runtime.workflow.progress import approvals

__all__ = ["act", "act_together", "approvals"]
