"""`/api/v1/meta/…`: notifications, automations and scenarios, for who may know of them.

Who may know of a notification is who may see what it is built on, as for pages. Automations and
scenarios say how a business works and what it fears; they are for administrators.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from objectry.metadata.model.reactions import NotificationDef
from objectry_runtime.api.meta import unknown
from objectry_runtime.api.pages import Json, Sight
from objectry_runtime.api.serving import Serving
from objectry_runtime.identity import Call

_EXPRESSIONS = ("when", "to", "subject", "body")  # what only administrators see of a notification


def list_notifications(serving: Serving, call: Call) -> Json:
    """The notifications about what the caller may see."""
    sight = Sight(serving, call)
    return {
        "data": [
            {
                "notification": name,
                "object": one.object,
                "channel": one.channel,
                "label": one.label,
                "help": one.help,
            }
            for name, one in sorted(call.live.release.definitions.notifications.items())
            if seen_notification(one, sight, whole=False) is not None
        ]
    }


def show_notification(serving: Serving, call: Call, name: str) -> Json:
    """One notification."""
    found = call.live.release.definitions.notifications.get(name)
    whole = call.principal.is_admin
    seen = found and seen_notification(found, Sight(serving, call), whole=whole)
    if not seen:
        raise unknown("notification", name)
    return seen


def seen_notification(notification: NotificationDef, sight: Sight, *, whole: bool) -> Json | None:
    """The notification, None where it tells of what is hidden from the caller.

    Its text and recipients are there only for who sees the `whole`.
    """
    name, when = notification.object, notification.when
    if not sight.object(name):
        return None
    if not all(sight.path(name, field) for field in notification.on.changed):
        return None
    if when is not None and not sight.reads(name, when, sight.scope(name)):
        return None
    seen: Json = msgspec.to_builtins(notification)
    if not whole:
        for key in _EXPRESSIONS:
            seen.pop(key, None)
    return seen


def list_automations(serving: Serving, call: Call) -> Json:
    """All automations; for who is no administrator there are none."""
    definitions = call.live.release.definitions.automations
    return _listed(call, "automation", definitions, ("object", "label", "help"))


def show_automation(serving: Serving, call: Call, name: str) -> Json:
    """One automation."""
    return _shown(call, "automation", call.live.release.definitions.automations, name)


def list_scenarios(serving: Serving, call: Call) -> Json:
    """All scenarios; for who is no administrator there are none."""
    return _listed(call, "scenario", call.live.release.definitions.scenarios, ("label", "help"))


def show_scenario(serving: Serving, call: Call, name: str) -> Json:
    """One scenario."""
    return _shown(call, "scenario", call.live.release.definitions.scenarios, name)


def _listed(
    call: Call,
    kind: str,
    definitions: Mapping[str, Any],  # of one kind
    keys: tuple[str, ...],
) -> Json:
    return {
        "data": [
            {kind: name, **{key: getattr(one, key) for key in keys}}
            for name, one in sorted(definitions.items())
            if call.principal.is_admin
        ]
    }


def _shown(call: Call, kind: str, definitions: Mapping[str, Any], name: str) -> Json:
    if name not in definitions or not call.principal.is_admin:
        raise unknown(kind, name)
    whole: Json = msgspec.to_builtins(definitions[name])
    return whole
