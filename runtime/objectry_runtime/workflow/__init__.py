"""Transitions and conversions: commands of their own kind."""

from objectry_runtime.workflow.actions import act, act_together

__all__ = ["act", "act_together"]
