"""What deciding needs beside the records: who and when, what is known behind links, evaluators."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from objectry.expressions import Env, Expression, Frame, Value, evaluator
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.linked import Linked

COMPANY_CURRENCY = "EUR"


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

    def evaluate(self, expression: Expression, record: Frame) -> Value:
        """The value of an expression over a record or a line."""
        env = Env(record=record, user=self.user, today=self.call.today, now=self.call.now)
        return _evaluator(self.live, expression)(env)

    @property
    def company_currency(self) -> str:
        """The currency of money that nothing nearer says it of."""
        currency = self.live.settings.get("company", {}).get("currency", COMPANY_CURRENCY)
        return str(currency)

    @property
    def half_even(self) -> bool:
        """Whether the company rounds money half to even instead of away from zero."""
        return self.live.settings.get("company", {}).get("rounding") == "half_even"


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


def exceeds(value: Decimal, places: int) -> bool:
    """Whether a number has more decimal places than it may (zeros at the end don't count)."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "NaN and Infinity don't come this far"
    return -exponent > places and value != round(value, places)
