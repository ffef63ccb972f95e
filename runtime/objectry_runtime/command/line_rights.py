"""Lines whose object has permissions of its own: who may add, change and take away which."""

from collections.abc import Callable, Iterator

from objectry.expressions import Env, evaluator
from objectry_runtime.command.bodies import step
from objectry_runtime.command.context import Context
from objectry_runtime.command.draft import Draft
from objectry_runtime.permissions import Policy, Rule, policy
from objectry_runtime.problems import FieldError

Holds = Callable[[Draft], bool]

ADD, CHANGE, REMOVE, WRITE = (
    "You may not add this line.",
    "You may not change this line.",
    "You may not take this line away.",
    "You may not write this field.",
)


def line_faults(
    context: Context, roles: frozenset[str], draft: Draft, before: Callable[[], Draft] | None
) -> list[FieldError]:
    """What the caller may not do with the lines of a record; `before`: the record as it was.

    A new line needs `create`, one that is said anew `update` (before and after), one that is gone
    `delete`; the rule of each is asked of the line itself.
    """
    faults: list[FieldError] = []
    for table, line_object in draft.model.tables.items():
        rights = policy(context.live, line_object, roles)
        if rights.everything or rights.follows_owner:
            continue
        were = {line.id: line for line in before().lines[table]} if before else {}
        faults += _faults(context, rights, draft, table, were)
    return faults


def _faults(
    context: Context, rights: Policy, draft: Draft, table: str, were: dict[str, Draft]
) -> Iterator[FieldError]:
    create, update, delete = (
        _asked(context, rights.own_rule(action)) for action in ("create", "update", "delete")
    )
    lines = draft.lines[table]
    for line in lines:
        was = were.get(line.id)
        if was is None:
            if not create(line):
                yield FieldError(line.pointer, "read_only", ADD)
            continue
        changed = _changed(line, was)
        if changed and not (update(was) and update(line)):
            yield FieldError(line.pointer, "read_only", CHANGE)
        for name in changed:
            if rights.field(name, "write", action="update") is False:
                yield FieldError(line.pointer + step(name), "read_only", WRITE)
    kept = {line.id for line in lines}
    if not all(delete(was) for id, was in were.items() if id not in kept):
        yield FieldError(draft.pointer + step(table), "read_only", REMOVE)


def _changed(line: Draft, was: Draft) -> list[str]:
    """What a body names of a line, and what a PUT sets back by not naming it."""
    return [
        name
        for name, field in line.model.fields.items()
        if name in line.named or (field.writable and line.value(name) != was.value(name))
    ]


def _asked(context: Context, rule: Rule) -> Holds:
    if isinstance(rule, bool):
        return lambda _: rule
    evaluate, call = evaluator(rule), context.call
    return lambda line: (
        evaluate(Env(record=line, user=context.user, today=call.today, now=call.now)) is True
    )
