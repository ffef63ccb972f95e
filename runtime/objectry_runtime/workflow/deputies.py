"""Acting with a role that somebody lent: whose, and that it is told."""

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import policy
from objectry_runtime.store.executor import Bound


class Lent(msgspec.Struct, frozen=True, kw_only=True):
    """A role that was needed and not the caller's own, and who lent it."""

    role: str
    lender: str


def lent_for(call: Call, model: ObjectModel, transition: str) -> Lent | None:
    """The lent role without which the caller could not take a transition; None: it is their own."""
    principal, live = call.principal, call.live
    own = principal.without_lent().roles
    roles = sorted(principal.lent.keys() & principal.roles)
    if not roles or policy(live, model.name, own).may_transition(transition):
        return None
    enough = (
        one for one in roles if policy(live, model.name, own | {one}).may_transition(transition)
    )
    role = next(enough, roles[0])
    return Lent(role=role, lender=principal.lent[role])


def note_lent(call: Call, model: ObjectModel, id: str, version: int, lent: Lent) -> Bound:
    """Keeps beside a version in whose name it was made."""
    return Bound(
        "insert into objectry.on_behalf (tenant_id, object, record_id, version, lender, role) "
        "values ($1::integer, $2::text, $3::uuid, $4::integer, $5::uuid, $6::text)",
        (str(call.principal.tenant), model.name, id, str(version), lent.lender, lent.role),
    )
