"""What a scenario expects: conditions over its records, and events."""

from collections.abc import Iterable, Mapping

from objectry.expressions import Expression, compile_expression
from objectry.expressions.records import Records
from objectry.expressions.tree import Aggregate, Compare, Field, Tree
from objectry.expressions.types import Kind
from objectry_runtime.identity import Call
from objectry_runtime.query.several import evaluate_over, parts
from objectry_runtime.services.scenarios.outcome import Untrue
from objectry_runtime.store.executor import Bound


async def check_expected(call: Call, records: Mapping[str, tuple[str, str]], source: str) -> None:
    """The condition holds over the records; else Untrue, with the values it was made of."""
    model = call.live.model
    objects = {name: object_name for name, (object_name, _) in records.items()}
    scope = Records(objects, lambda name: model.scope(name, variables=()))
    expression = compile_expression(source, scope, expects=(Kind.BOOLEAN,))
    if not isinstance(expression, Expression):
        raise Untrue(f"`{source}` can't be asked here: {expression[0].message}")
    tree = expression.tree
    sides: tuple[Tree, ...] = (tree.left, tree.right) if isinstance(tree, Compare) else ()
    read = {written(part): part for part in parts(tree)}
    answers = await evaluate_over(call, records, (tree, *sides, *read.values()))
    if answers[0] == "true":
        return
    values = dict(zip(read, answers[1 + len(sides) :], strict=True))
    if sides:
        left, right = (_shown(one) for one in answers[1:3])
        raise Untrue(f"It doesn't hold: the left side is {left}, the right side {right}.", values)
    raise Untrue(
        "It doesn't hold." if answers[0] else "It can't be told: something is null.", values
    )


async def check_events(call: Call, wanted: Iterable[str], before: int) -> None:
    """The events were fired, in this order; others may have been in between."""
    happened = (await fired(call))[before:]
    rest = iter(happened)
    for name in wanted:
        if not any(name == one for one in rest):
            listed = ", ".join(happened) or "none"
            raise Untrue(f"{name} was not fired (there). Fired since `when` began: {listed}.")


async def fired(call: Call) -> list[str]:
    """The names of all events of the tenant, in the order of their transactions."""
    rows = await call.executor.read(
        Bound(
            "select type from objectry.event where tenant_id = $1::integer order by xid, id",
            (str(call.principal.tenant),),
        )
    )
    return [row[0].decode() for row in rows if row[0] is not None]


def written(part: Tree) -> str:
    """A field or aggregate as its author might write it."""
    match part:
        case Field():
            return ".".join(part.path)
        case Aggregate():
            inner = "" if part.body is None else f": {', '.join(map(written, parts(part.body)))}"
            return f"{part.function}({'.'.join(part.over.path)}{inner})"
        case _:
            return "…"


def _shown(value: str | None) -> str:
    return "null" if value is None else value
