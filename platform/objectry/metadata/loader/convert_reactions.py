"""Notifications and automations: plain documents → what their definitions take."""

from objectry.metadata.loader.forms import (
    Mapping,
    items,
    mapping,
    source_map,
    source_text,
    sources,
    texts,
)
from objectry.metadata.loader.plain import Plain

ACTIONS = ("set", "transition", "create", "notify")


def notification(data: Mapping) -> Mapping:
    """A notification without short forms."""
    data.setdefault("object", "")
    data["on"] = _trigger(data.get("on"))
    sources(data, ("when",))
    to = data.get("to")
    data["to"] = [_recipient(one) for one in (to if isinstance(to, list) else [to])]
    return data


def automation(data: Mapping) -> Mapping:
    """An automation without short forms."""
    data.setdefault("object", "")
    data["on"] = _trigger(data.get("on"))
    sources(data, ("when",))
    data["do"] = [_action(mapping(one)) for one in items(data.get("do"))]
    return data


def _trigger(data: Plain) -> Mapping:
    """A text is the name of an event."""
    if isinstance(data, str):
        return {"event": data}
    trigger = dict(mapping(data))
    if "changed" in trigger:
        trigger["changed"] = texts(trigger["changed"])
    return trigger


def _recipient(data: Plain) -> Mapping:
    """A text is an expression."""
    if isinstance(data, str):
        return {"address": source_text(data)}
    return dict(mapping(data))


def _action(data: Mapping) -> Mapping:
    kind = next((key for key in ACTIONS if key in data), "")
    return {
        "kind": kind,
        "target": "" if kind in ("set", "") else data[kind],
        "set": source_map(data.get("set")),
        "values": source_map(data.get("values")),
    }
