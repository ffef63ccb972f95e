"""Fields that name a user: whoever a body names there must have credentials in the tenant."""

from collections.abc import Iterator

from objectry_runtime.command.bodies import step
from objectry_runtime.command.decision import Decision
from objectry_runtime.command.draft import Draft
from objectry_runtime.identity.call import Call
from objectry_runtime.identity.engine import ENGINE
from objectry_runtime.store.executor import Bound

_GUARD = (
    "select case when not exists (select from objectry.principal p "
    "where p.tenant_id = $1::integer and p.id = $2::uuid) "
    "then objectry.guard(false, $3::text) end"
)


def users_exist(call: Call, decision: Decision) -> list[Bound]:
    """The statements that refuse the unit where a field newly names somebody who is nobody."""
    known = {call.principal.user, ENGINE}
    tenant = str(call.principal.tenant)
    return [
        Bound(_GUARD, (tenant, user, f"no_user:{pointer}"))
        for user, pointer in _named(decision)
        if user not in known
    ]


def _named(decision: Decision) -> Iterator[tuple[str, str]]:
    for version in decision.versions:
        if version.after is None:
            continue
        for draft in (version.after, *(d for lines in version.after.lines.values() for d in lines)):
            yield from _of(draft)


def _of(draft: Draft) -> Iterator[tuple[str, str]]:
    for name in draft.compiled.users:
        value = draft.value(name)
        if isinstance(value, str) and (draft.old is None or draft.old.get(name) != value):
            yield value, draft.pointer + step(name)
