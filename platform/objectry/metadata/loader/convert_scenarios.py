"""Scenarios: plain documents → what their definitions take."""

from typing import get_args

from objectry.metadata.loader.forms import (
    Mapping,
    items,
    json_value,
    mapping,
    source_text,
    texts,
)
from objectry.metadata.loader.plain import Plain
from objectry.metadata.model.scenarios import PARTS, StepAction

STEPS: tuple[str, ...] = get_args(StepAction)
_RENAMED = {"as": "alias", "with": "parameters"}
_KEPT = frozenset({"on", "by", "code", "field"})
_BODIES = frozenset({"values", "with"})


def scenario(data: Mapping) -> Mapping:
    """A scenario whose steps name what they do."""
    for part in PARTS:
        data[part] = [_step(mapping(one)) for one in items(data.get(part))]
    return data


def _step(data: Mapping) -> Mapping:
    action = next((key for key in STEPS if key in data), "")
    step: Mapping = {key: data[key] for key in _KEPT if key in data}
    for key in ("as", *_BODIES):
        if key in data:
            value = json_value(data[key]) if key in _BODIES else data[key]
            step[_RENAMED.get(key, key)] = value
    step["action"] = action
    match action:
        case "expect":
            step["expression"] = source_text(data[action])
        case "events":
            step["events"] = texts(data[action])
        case "travel":
            step["date"] = data[action]
        case "rejects":
            step["step"] = _step(mapping(data[action]))
        case _:
            step["target"] = _text(data.get(action))
    return step


def _text(value: Plain) -> Plain:
    return "" if value is None else value
