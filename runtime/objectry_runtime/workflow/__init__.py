"""Transitions and conversions: commands of their own kind."""

from objectry_runtime.workflow.actions import act, act_together
from objectry_runtime.workflow.delegations import delegations, lend, take_back
from objectry_runtime.workflow.progress import approvals

__all__ = ["act", "act_together", "approvals", "delegations", "lend", "take_back"]
