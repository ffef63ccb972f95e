"""Policies of the live release, compiled once per object and set of roles."""

from objectry_runtime.host.live import Live
from objectry_runtime.permissions.policy import Policy, compile_policy

POLICIES_MAX = 4096


def policy(live: Live, object_name: str, roles: frozenset[str]) -> Policy:
    """What `roles` may do with an object of the live release."""
    key = ("permissions.policy", object_name, roles)
    known = live.compiled.get(key)
    if isinstance(known, Policy):
        return known
    model = live.model.object(object_name)
    owner = policy(live, model.owner[0], roles) if model.owner is not None else None
    compiled = compile_policy(model, roles, owner)
    _forget(live)
    live.compiled[key] = compiled
    return compiled


def _forget(live: Live) -> None:
    """Roles come in any combination: keep a bounded number of them."""
    kept = [key for key in live.compiled if key[0] == "permissions.policy"]
    if len(kept) >= POLICIES_MAX:
        for key in kept:
            del live.compiled[key]
