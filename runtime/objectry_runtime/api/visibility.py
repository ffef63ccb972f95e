"""Which objects exist for a caller: what one may not see is answered as if it were not there."""

from collections.abc import Iterator

from rapidfuzz import process

from objectry.metadata.model import ObjectModel
from objectry_runtime.api.serving import Serving
from objectry_runtime.identity import Call
from objectry_runtime.permissions import Action, policy
from objectry_runtime.problems import Problem
from objectry_runtime.query.statements import Kept, kept

ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete")
NEAR = 70.0


def is_visible(serving: Serving, call: Call, model: ObjectModel) -> bool:
    """Whether the caller may do anything at all with the object here."""
    if serving.services and model.schema not in serving.services:
        return False
    if call.principal.is_admin:
        return True
    rights = policy(call.live, model.name, call.principal.roles)
    return any(rights.rule(action) is not False for action in ACTIONS)


def visible_objects(serving: Serving, call: Call) -> Iterator[ObjectModel]:
    """The objects of the caller, by name."""
    for name in sorted(call.live.model.objects()):
        model = call.live.model.object(name)
        if is_visible(serving, call, model):
            yield model


class Found(Kept[ObjectModel]):
    """Objects at paths, by who may know of them."""


def find_object(serving: Serving, call: Call, plural: str) -> ObjectModel:
    """The object at a path, or the one 404 for "unknown" and "hidden"."""
    key = (plural, call.principal.roles, serving.services)
    return kept(call.live, Found).get(key, lambda: _find(serving, call, plural))


def _find(serving: Serving, call: Call, plural: str) -> ObjectModel:
    model = call.live.model.by_plural(plural)
    if model is not None and is_visible(serving, call, model):
        return model
    known = [visible.plural for visible in visible_objects(serving, call)]
    near = process.extractOne(plural[:64], known, score_cutoff=NEAR)
    hint = f' Did you mean "{near[0]}"?' if near else " /api/v1/meta/objects lists what there is."
    raise Problem(
        404, "not_found", "There is no such thing.", f'Nothing is called "{plural}".{hint}'
    )
