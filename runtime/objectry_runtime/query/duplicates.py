"""`GET /{plural}/{id}/duplicates`: records that may be the same thing in the world.

Candidates are found through indexes: they share a compared text with the record, or one of the two
longest words of a name. What is then compared, and shown, is what the caller may filter by.
"""

from collections.abc import Mapping, Sequence

import msgspec
from rapidfuzz import fuzz

from objectry.metadata.model import MatchDef, ObjectModel
from objectry.values.ids import parse_id
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import conjunction
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

SHOWN_MAX = 20
CANDIDATES_MAX = 200  # for each comparison
SIMILAR = 80  # percent of the letters, in the best order of the words: below, names are others

Params = Sequence[tuple[str, str]]


async def duplicates(call: Call, object_name: str, key: str, params: Params) -> Answer:
    """The records that reach the declared threshold, the likeliest first, and why."""
    for name, _ in params:
        raise bad_query(f"Looking for duplicates takes no parameter {quoted(name)}.")
    names = Names(call.live, call.principal.roles)
    model, id = call.live.model.object(object_name), parse_id(key)
    declared = model.definition.duplicates
    by = "number" if id is None else "id"
    if declared is None or not names.reads(object_name) or (id is None and not model.numbering):
        raise not_found()
    rules = [match for match in declared.match if _usable(names, model, match)]
    statement = statements(call.live).get(
        ("duplicates", object_name, by, call.principal.roles),
        lambda: _render(names, model, by, rules),
    )
    rows = await call.executor.read(fill(statement, CallValues(call, {RECORD: id or key})))
    if not rows:
        raise not_found()
    own = _DECODER.decode(rows[0][0] or b"[]")
    candidates = [_CANDIDATES.decode(row[1]) for row in rows if row[1] is not None]
    found = [_Found.of(candidate, own, rules) for candidate in candidates]
    likely = sorted(
        (one for one in found if one.score >= declared.threshold),
        key=lambda one: (-one.score, one.id),
    )
    body = msgspec.json.encode({"data": likely[:SHOWN_MAX]})
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


class _Candidate(msgspec.Struct):
    id: str
    number: str | None
    title: str | None
    keys: list[list[str]]  # for each rule what is compared


class _Match(msgspec.Struct):
    field: str
    score: int


class _Found(msgspec.Struct):
    id: str
    number: str | None
    title: str | None
    score: int
    matches: list[_Match]

    @classmethod
    def of(cls, candidate: _Candidate, own: list[list[str]], rules: Sequence[MatchDef]) -> "_Found":
        points = [
            (rule.field, _points(rule, mine, theirs))
            for rule, mine, theirs in zip(rules, own, candidate.keys, strict=True)
        ]
        matches = [_Match(field, score) for field, score in points if score]
        return cls(
            candidate.id,
            candidate.number,
            candidate.title,
            min(100, sum(match.score for match in matches)),
            matches,
        )


_DECODER = msgspec.json.Decoder(list[list[str]])
_CANDIDATES = msgspec.json.Decoder(_Candidate)


def _points(rule: MatchDef, mine: Sequence[str], theirs: Sequence[str]) -> int:
    if not mine or not theirs:
        return 0
    if rule.by == "same":
        return rule.score if set(mine) & set(theirs) else 0
    similar = fuzz.ratio(" ".join(mine), " ".join(theirs))
    return round(rule.score * similar / 100) if similar >= SIMILAR else 0


def _usable(names: Names, model: ObjectModel, match: MatchDef) -> bool:
    """Whether the caller may filter by what is compared."""
    table, _, name = match.field.rpartition(".")
    rights = names.policy(model.name)
    if not table:
        return rights.field(name, "filter") is not False
    field = model.fields[table]
    below = names.policy(model.tables[table])
    return (
        rights.field(table, "filter") is not False
        and names.reads_rows(field)
        and below.field(name, "filter") is not False
    )


def _render(names: Names, model: ObjectModel, by: str, rules: Sequence[MatchDef]) -> Bound:
    rendering = template(names.live, names.roles)
    sql = rendering.sql
    tenant = sql.bind(TENANT, "integer")
    mine = ObjectFrame(rendering, model.name, rendering.alias(), gated=True)
    named = f"{mine.column((by,))} = {sql.bind(RECORD, 'uuid' if by == 'id' else 'text')}"
    own = [_keys(mine, rule) for rule in rules]
    keys = "".join(f", {key} as k{at}" for at, key in enumerate(own))
    searches = [_search(rendering, model, rule, at, tenant) for at, rule in enumerate(rules)]
    near = " union ".join(f"({search})" for search in searches) or "select null::uuid"
    other = ObjectFrame(rendering, model.name, rendering.alias(), gated=True)
    shown: Mapping[str, str] = {
        "number": "number" if model.numbering is not None else "",
        "title": model.title,
    }
    facts = "".join(
        f", '{key}', {f'{other.column((field,))}::text' if field else 'null'}"
        for key, field in shown.items()
    )
    theirs = ", ".join(f"to_json({_keys(other, rule)})" for rule in rules)
    return sql.bound(
        f"with me as materialized (select {mine.alias}.id{keys} from {mine.source} "
        f"where {_readable(mine, tenant, named)}), "
        f"near as materialized ({near}) "
        f"select json_build_array({', '.join(f'me.k{at}' for at in range(len(rules)))})::text, "
        f"(select json_build_object('id', {other.alias}.id{facts}, "
        f"'keys', json_build_array({theirs}))::text from {other.source} "
        f"where {_readable(other, tenant, f'{other.alias}.id = near.id')}) "
        "from me left join near on near.id <> me.id"
    )


def _readable(frame: ObjectFrame, tenant: str, condition: str) -> str:
    rule = frame.holds(frame.rendering.policy(frame.object).rule("read"))
    return conjunction([f"{frame.tenant} = {tenant}", condition, rule, frame.present])


def _keys(frame: ObjectFrame, match: MatchDef) -> str:
    """What is compared of a record: an array, empty where there is nothing to compare."""
    table, _, name = match.field.rpartition(".")
    if match.by == "words":
        return f"coalesce(objectry.match_words({frame.column((name,))}), '{{}}')"
    if not table:
        return f"array_remove(array[objectry.match_key({frame.column((name,))})], null)"
    source, where, line = frame.rows(table)
    key = f"objectry.match_key({line.column((name,))})"
    return f"array(select {key} from {source} where {where} and {key} is not null)"


def _search(rendering: Rendering, model: ObjectModel, match: MatchDef, at: int, tenant: str) -> str:
    """The ids of candidates by one comparison, whoever may read them."""
    table, _, name = match.field.rpartition(".")
    frame = ObjectFrame(rendering, model.tables.get(table, model.name), rendering.alias())
    if match.by == "words":
        longest = f"array(select w from unnest(me.k{at}) w order by length(w) desc, w limit 2)"
        same = f"objectry.match_words({frame.raw(name)}) && {longest}"
    else:
        same = f"objectry.match_key({frame.raw(name)}) = any(me.k{at})"
    id = f"{frame.alias}.{'parent_id' if table else 'id'}"
    return (
        f"select {id} from me, {frame.source} where {frame.tenant} = {tenant} and {same} "
        f"and {id} <> me.id limit {CANDIDATES_MAX}"
    )
