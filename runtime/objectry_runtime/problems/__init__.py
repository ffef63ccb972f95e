"""What stops a request: errors with a code and a status, rendered once at the edge."""

from objectry_runtime.problems.problem import FieldError, Problem, invalid, not_found

__all__ = ["FieldError", "Problem", "invalid", "not_found"]
