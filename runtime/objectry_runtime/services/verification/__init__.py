"""Checks that the stored data is what the engine promises: run by `objectry verify`."""

from objectry_runtime.services.verification.checks import CHECKS, Result, Trouble, verify

__all__ = ["CHECKS", "Result", "Trouble", "verify"]
