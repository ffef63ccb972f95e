"""What is wrong with definitions somebody gave us: findings, positions, stable codes."""

from objectry.findings.codes import CODES, Code, code
from objectry.findings.finding import Finding, Position, Severity

__all__ = ["CODES", "Code", "Finding", "Position", "Severity", "code"]
