"""Whatever is typed: compiling answers with an expression or with problems, and never raises."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from objectry.expressions import Expression, compile_expression, evaluator
from objectry_runtime.query.render import Clock, Sql, render
from tests.expression_world import SqlRecord, WorldScope, env

EXAMPLES = int(os.environ.get("OBJECTRY_PROPERTY_EXAMPLES", "150")) * 4

TOKENS = st.sampled_from(
    "a b i s t d m p customer lines lines.x lines.flag parent user.id user.roles old.a number days "
    "+ - * / // % ** == != < <= > >= in not_in and or not if else is None True False ( ) [ ] , . "
    "1 2.5 0 1e3 'x' 'ß' '2026-01-01' '' sum( count( any( min( max( round( today() days( date( "
    "coalesce( concat( text( len( upper( start_of( 'month' lambda for x := = # \\ ' \" {".split()
)
SOUP = st.lists(TOKENS, max_size=14).map(lambda words: " ".join(words).replace("not_in", "not in"))


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(st.one_of(SOUP, st.text(max_size=40)))
def test_compiling_never_raises(source: str) -> None:
    result = compile_expression(source, WorldScope("record"))
    if not isinstance(result, Expression):
        assert result
        assert all(p.code and p.message and 0 <= p.offset <= len(source) for p in result)
        return
    evaluator(result.tree)(env({"lines": []}))
    if not any(root == "old" for root, _ in result.reads):
        sql = Sql()
        render(result.tree, SqlRecord(sql, "r", "record"), sql, Clock("2026-03-31", "2026-03-31"))
