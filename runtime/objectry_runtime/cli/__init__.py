"""The command line."""

from objectry_runtime.cli.program import main

__all__ = ["main"]
