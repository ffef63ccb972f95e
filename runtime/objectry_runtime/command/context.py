"""What deciding needs beside the records: who and when, what is known behind links, evaluators."""

from collections.abc import Callable, Mapping

from objectry.expressions import Env, Expression, Value, evaluator
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.linked import Linked


class Context:
    """One decision's surroundings. Deciding twice with the same context gives the same answer."""

    def __init__(self, call: Call, linked: Linked) -> None:
        self.call = call
        self.live: Live = call.live
        self.linked = linked
        self.failures: list[Problem] = []
        self.user: Mapping[str, Value] = {
            "id": call.principal.user,
            "name": call.principal.name,
            "roles": tuple(sorted(call.principal.roles)),
        }

    def evaluate(self, expression: Expression, env: Env) -> Value:
        """The value of an expression over a record or a line."""
        return _evaluator(self.live, expression)(env)


class _Evaluators:
    """The closures of a release's expressions, each made when first asked for."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Expression, Callable[[Env], Value]]] = {}

    def of(self, expression: Expression) -> Callable[[Env], Value]:
        """The closure of an expression of the definitions; the model keeps those."""
        found = self._known.get(id(expression))
        if found is None:
            # Kept beside its closure: while the expression lives its id is nobody else's.
            found = self._known[id(expression)] = (expression, evaluator(expression.tree))
        return found[1]


def _evaluator(live: Live, expression: Expression) -> Callable[[Env], Value]:
    kept = live.compiled.get(_KEY)
    if not isinstance(kept, _Evaluators):
        kept = live.compiled[_KEY] = _Evaluators()
    return kept.of(expression)


_KEY = ("command.evaluators",)
