"""The registry of checks: small functions over the context, run in the order they are declared."""

from collections.abc import Callable

from objectry.metadata.checks.context import Context
from objectry.metadata.model.definitions import ObjectDef

Check = Callable[[Context], None]
ObjectCheck = Callable[[Context, ObjectDef], None]

CHECKS: list[Check] = []
OBJECT_CHECKS: list[ObjectCheck] = []


def project_check(function: Check) -> Check:
    """Register a check that looks at the whole project."""
    CHECKS.append(function)
    return function


def object_check(function: ObjectCheck) -> ObjectCheck:
    """Register a check that looks at one object."""
    OBJECT_CHECKS.append(function)
    return function
