"""What is wrong with definitions somebody gave us: findings, positions, stable codes."""

from objectry.findings.codes import CODES, Code, code
from objectry.findings.finding import Finding, Position, Severity, sort_findings
from objectry.findings.near import dotted, near, near_or_all

__all__ = [
    "CODES",
    "Code",
    "Finding",
    "Position",
    "Severity",
    "code",
    "dotted",
    "near",
    "near_or_all",
    "sort_findings",
]
