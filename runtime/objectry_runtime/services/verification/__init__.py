"""Checks that the stored data is what the engine promises: run by `objectry verify`."""

from objectry_runtime.services.verification.checks import CHECKS, Result, verify
from objectry_runtime.services.verification.view import Trouble

__all__ = ["CHECKS", "Result", "Trouble", "verify"]
