"""Transitions and conversions: commands of their own kind."""

from objectry_runtime.workflow.actions import act

__all__ = ["act"]
