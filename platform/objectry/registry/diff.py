"""What differs between two sets of definitions, place by place."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard  # definitions as JSON values: nothing more is known of them

import msgspec

from objectry.metadata.model.definitions import Def, Definitions

SHOWN_MAX = 60
_ENCODE = msgspec.json.Encoder().encode


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One place that differs: `object offer`, `fields.discount.label`, from what, to what.

    `before` and `after` are the values as JSON, empty where there is none; of a field that is
    `renamed`, its names.
    """

    definition: str
    path: str
    before: str
    after: str
    renamed: bool = False

    def __str__(self) -> str:
        """The one line a person reads."""
        place = f"{self.definition}: {self.path}" if self.path else self.definition
        if self.renamed:
            return f"{place} is renamed to {self.after}"
        if not self.before:
            return f"{place} is added" + (f" ({_short(self.after)})" if self.path else "")
        if not self.after:
            return f"{place} is removed" + (f" (was {_short(self.before)})" if self.path else "")
        return f"{place} changes from {_short(self.before)} to {_short(self.after)}"


def diff_definitions(before: Definitions, after: Definitions) -> tuple[Change, ...]:
    """Every place where `after` is not `before`; empty when they are the same release."""
    changes: list[Change] = []
    for kind in after.__struct_fields__:
        left, right = _plain(getattr(before, kind), getattr(after, kind))
        for name in sorted({*left, *right}):
            definition = f"{kind.removesuffix('s')} {name}"
            if name not in left or name not in right:
                changes.append(_change(definition, "", left.get(name), right.get(name)))
            else:
                changes.extend(_differences(definition, "", left[name], right[name]))
    return tuple(changes)


def _plain(
    before: Mapping[str, Def], after: Mapping[str, Def]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs as builtins. Equal values may differ in their order: their text does not."""
    same = {
        name
        for name, definition in after.items()
        if name in before and _ENCODE(before[name]) == _ENCODE(definition)
    }
    left, right = (
        {name: msgspec.to_builtins(one) for name, one in definitions.items() if name not in same}
        for definitions in (before, after)
    )
    return left, right


def _differences(definition: str, path: str, left: Any, right: Any) -> Iterator[Change]:
    """Walk two plain values (JSON builtins, hence Any) side by side."""
    if left == right:
        if _is_object(left) and list(left) != list(right):
            yield _change(definition, f"{path or 'keys'} (order)", list(left), list(right))
        elif _is_object(left):
            for key in left:
                yield from _differences(definition, _join(path, key), left[key], right[key])
        return
    if _is_object(left) and _is_object(right):
        if path == "fields":
            for new, old in _renamed(left, right).items():
                yield Change(
                    definition=definition, path=f"fields.{old}", before=old, after=new, renamed=True
                )
                named = {**right[new], "name": old}
                named.pop("was")
                yield from _differences(definition, f"fields.{new}", left[old], named)
                left, right = _without(left, old), _without(right, new)
        for key in dict.fromkeys([*left, *right]):
            if key not in left or key not in right:
                yield _change(definition, _join(path, key), left.get(key), right.get(key))
            else:
                yield from _differences(definition, _join(path, key), left[key], right[key])
        return
    yield _change(definition, path, left, right)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _renamed(left: dict[str, Any], right: dict[str, Any]) -> dict[str, str]:
    """New name → old name of the fields that say what they were; the first claims the name."""
    renamed: dict[str, str] = {}
    for name, field in right.items():
        was = field.get("was")
        if name not in left and was in left and was not in right and was not in renamed.values():
            renamed[name] = was
    return renamed


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: field for key, field in fields.items() if key != name}


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _change(definition: str, path: str, left: Any, right: Any) -> Change:
    return Change(definition=definition, path=path, before=_json(left), after=_json(right))


def _json(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"
