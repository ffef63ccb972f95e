"""What a name may look like, and the names that are taken."""

import keyword
import re

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")

# Fields the engine owns on every record.
RESERVED_FIELDS = frozenset(
    "id tenant tenant_id owner version created_at created_by updated_at updated_by "
    "deleted_at".split()
)

QUERY_PARAMETERS = frozenset("where q sort fields expand limit cursor count dry_run lang".split())
PATH_WORDS = frozenset("aggregate export import upsert actions history".split())

# Words with a meaning of their own in an expression; no field could be reached under them.
EXPRESSION_WORDS = frozenset(
    {word.lower() for word in keyword.kwlist} | {"true", "false", "none", "user", "old", "parent"}
)

RESERVED_WORDS = QUERY_PARAMETERS | PATH_WORDS | EXPRESSION_WORDS


def is_name(text: str) -> bool:
    """Whether this may name an object, a field, a role: `^[a-z][a-z0-9_]{0,47}$`, no `__`."""
    return _NAME.fullmatch(text) is not None and "__" not in text
