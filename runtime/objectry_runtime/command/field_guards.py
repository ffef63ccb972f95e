"""Fields that a caller may write on some records only: which, and what must hold of them after."""

from objectry_runtime.command.bodies import Body, step
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Guard
from objectry_runtime.command.draft import Draft
from objectry_runtime.permissions import Policy, WriteAction, policy


def conditional_fields(rights: Policy, body: Body, action: WriteAction) -> list[str]:
    """The fields of a body that the caller may write on some records only."""
    return [
        name
        for name in body.decoded.values
        if not isinstance(rights.field(name, "write", action=action), bool)
    ]


def field_guards(
    context: Context, rights: Policy, draft: Draft, action: WriteAction
) -> list[Guard]:
    """Guards for the fields that may be written on some records only, lines included."""
    if rights.everything:
        return []
    guards = _guards_of(rights, draft, action)
    for table, lines in draft.lines.items():
        line_object = draft.model.tables[table]
        line_rights = policy(context.live, line_object, rights.roles)
        tables = rights.field(table, "write", action=action)
        touched = [line for line in lines if line.named]
        if touched and not isinstance(tables, bool):
            code = f"read_only:{draft.pointer}{step(table)}"
            guards.append(Guard(object=draft.model.name, rule=tables, ids=[draft.id], code=code))
        for line in touched:
            guards += _guards_of(line_rights, line, "create" if line.old is None else action)
    return guards


def _guards_of(rights: Policy, draft: Draft, action: WriteAction) -> list[Guard]:
    return [
        Guard(
            object=draft.model.name,
            rule=rule,
            ids=[draft.id],
            code=f"read_only:{draft.pointer}{step(name)}",
        )
        for name in sorted(draft.named)
        if not isinstance(rule := rights.field(name, "write", action=action), bool)
    ]
