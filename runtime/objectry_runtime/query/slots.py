"""Parameters that are filled in per call, so that one rendered statement serves many calls."""

import re
from collections.abc import Callable, Mapping
from functools import partial

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
# Looked for before the usual one; a header's wishes beyond them are not.
LANGUAGES = tuple(Slot(f"language.{place}") for place in range(4))
USER: Mapping[str, str] = {
    "id": Slot("user.id"),
    "name": Slot("user.name"),
    "roles": Slot("user.roles"),
}


def fill(statement: Bound, values: Mapping[str, str | None]) -> Bound:
    """The statement with every slot replaced by its value; constants stay."""
    params = [values[one] if isinstance(one, Slot) else one for one in statement.params]
    return Bound(statement.sql, tuple(params))


class CallValues(dict[str, str | None]):
    """The values given, and what a statement may need to know of a call: made when asked for.

    Most statements ask for the tenant alone, so nothing else is written out for them.
    """

    def __init__(self, call: Call, given: Mapping[str, str | None]) -> None:
        super().__init__(given)
        self._call = call

    def __missing__(self, slot: str) -> str:
        """Write out a value of the call."""
        return _OF_CALL[slot](self._call)


def call_values(call: Call) -> dict[str, str | None]:
    """What every statement may need to know of a call, all of it."""
    return {slot: text(call) for slot, text in _OF_CALL.items()}


def user_texts(principal: Principal) -> dict[str, str]:
    """What expressions may ask about the caller, in parameter form."""
    return {"id": principal.user, "name": principal.name, "roles": _roles(principal)}


def _roles(principal: Principal) -> str:
    return array_text(sorted(principal.roles))


def _language(call: Call, place: int) -> str:
    wanted = call.translated_to
    return wanted[place] if place < len(wanted) else ""


_OF_CALL: Mapping[str, Callable[[Call], str]] = {
    **{slot: partial(_language, place=place) for place, slot in enumerate(LANGUAGES)},
    TENANT: lambda call: str(call.principal.tenant),
    TODAY: lambda call: call.today.isoformat(),
    NOW: lambda call: call.now.isoformat(),
    USER["id"]: lambda call: call.principal.user,
    USER["name"]: lambda call: call.principal.name,
    USER["roles"]: lambda call: _roles(call.principal),
}


def parse_array(text: str) -> tuple[str, ...]:
    """The items of PostgreSQL's text form of an array of texts."""
    if text == "{}":
        return ()
    return tuple(
        _ESCAPED.sub(r"\1", item[1:-1]) if item.startswith('"') else item
        for item in _ITEM.findall(text[1:-1])
    )


_ITEM = re.compile(r'"(?:[^"\\]|\\.)*"|[^,]+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def array_text(items: list[str]) -> str:
    """PostgreSQL's text form of an array."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"
