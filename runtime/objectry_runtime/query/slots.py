"""Parameters that are filled in per call, so that one rendered statement serves many calls."""

from collections.abc import Mapping

from objectry_runtime.identity.call import Call, Principal
from objectry_runtime.store.executor import Bound


class Slot(str):
    """The name of a value that the call supplies, standing where the parameter will be."""

    __slots__ = ()


TENANT = Slot("tenant")
RECORD = Slot("record")
LIMIT = Slot("limit")
TODAY = Slot("today")
NOW = Slot("now")
USER: Mapping[str, str] = {
    "id": Slot("user.id"),
    "name": Slot("user.name"),
    "roles": Slot("user.roles"),
}


def fill(statement: Bound, values: Mapping[str, str | None]) -> Bound:
    """The statement with every slot replaced by its value; constants stay."""
    params = tuple(values[one] if isinstance(one, Slot) else one for one in statement.params)
    return Bound(statement.sql, params)


def call_values(call: Call) -> dict[str, str | None]:
    """What every statement may need to know of a call."""
    user = user_texts(call.principal)
    return {
        TENANT: str(call.principal.tenant),
        TODAY: call.today.isoformat(),
        NOW: call.now.isoformat(),
        **{USER[name]: text for name, text in user.items()},
    }


def user_texts(principal: Principal) -> dict[str, str]:
    """What expressions may ask about the caller, in parameter form."""
    return {
        "id": principal.user,
        "name": principal.name,
        "roles": array_text(sorted(principal.roles)),
    }


def array_text(items: list[str]) -> str:
    """PostgreSQL's text form of an array."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"
