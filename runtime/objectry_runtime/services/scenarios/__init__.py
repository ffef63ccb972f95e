"""Scenarios: the stories of a project, told to the command path on a throw-away database."""

from objectry_runtime.services.scenarios.outcome import Failure, Outcome
from objectry_runtime.services.scenarios.stage import Stage, open_stage
from objectry_runtime.services.scenarios.telling import tell

__all__ = ["Failure", "Outcome", "Stage", "open_stage", "tell"]
