"""Names of constraints and indexes: from the table's and the columns' physical names alone.

Object and field names never hold `__`, so no constraint's name is ever a table's, and the plan
can tell ours from those somebody made by hand.
"""

import hashlib

NAME_BYTES_MAX = 63
MARK = "__"
_DIGEST = 10
_ROOM = NAME_BYTES_MAX - len(MARK) - _DIGEST


def constraint_name(table: str, *parts: str) -> str:
    """`offer__customer__fk`; where that is too long its end becomes a hash."""
    name = MARK.join((table, *parts))
    if len(name) <= NAME_BYTES_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return name[:_ROOM].rstrip("_") + MARK + digest


def is_ours(table: str, name: str) -> bool:
    """Whether a constraint or index of a table has a name that we would give."""
    return name.startswith(f"{table}{MARK}") or name.startswith(f"{table[:_ROOM]}{MARK}")
