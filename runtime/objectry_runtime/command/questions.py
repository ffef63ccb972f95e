"""What a command must know before it decides, put as one prefetch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from objectry.compiler.codecs.codec import Row
from objectry.compiler.codecs.codec import Value as DecodedValue
from objectry.metadata.model import ObjectModel
from objectry.values.ids import parse_id
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.context import Context
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Action
from objectry_runtime.problems import not_found
from objectry_runtime.query.facts import Facts, read_facts
from objectry_runtime.query.linked import Linked, LinkPlace, Path, link_paths
from objectry_runtime.query.prefetch import LinkQuestion, Question, prefetch
from objectry_runtime.query.statements import Kept, kept

if TYPE_CHECKING:
    from objectry_runtime.command.lanes import Lane
    from objectry_runtime.command.write import Command

ROUNDS_MAX = 8

T = TypeVar("T")
Ids = dict[str, list[str]]
NOTHING = Facts(record=None, allowed={}, subject_key=None, linked={}, answer=None)


def question_about(
    call: Call,
    model: ObjectModel,
    *,
    record: str = "",
    rules: Sequence[Action] = (),
    fields: Sequence[str] = (),
    ids: Mapping[str, Sequence[str]] | None = None,
    approvals: bool = False,
    idempotent: bool = True,
) -> Question:
    """The prefetch for a command over one object.

    `record` is the id or number of the record there is; `ids` the records that a body links to.
    `approvals`: what was approved of the record is asked too.
    Where the command is `idempotent` it asks for the answer that was given to the call's key.
    """
    by = address(model, record) if record else ""
    roles, idempotent = call.principal.roles, idempotent and bool(call.idempotency_key)
    linked = tuple(ids or ())
    key = (model.name, roles, by, tuple(rules), tuple(fields), linked, approvals, idempotent)
    return kept(call.live, _Questions).get(
        key,
        lambda: Question(
            object=model.name,
            roles=roles,
            by=by,
            rules=tuple(rules),
            fields=tuple(fields),
            links=_links(call.live, model, bool(by), linked),
            approvals=approvals,
            idempotent=idempotent,
        ),
    )


def unkeyed(question: Question) -> Question:
    """The question of a command that is no POST: idempotency keys count there only."""
    return msgspec.structs.replace(question, idempotent=False)


class _Questions(Kept[Question]):
    """The questions that commands ask, by what they depend on."""


def address(model: ObjectModel, record: str) -> str:
    """Whether a record is named by its id or by its number; 404 where it can be neither."""
    if parse_id(record) is not None:
        return "id"
    if model.numbering is None:
        raise not_found()
    return "number"


def linked_ids(
    live: Live, model: ObjectModel, bodies: Iterable[Mapping[str, DecodedValue]]
) -> dict[str, tuple[str, ...]]:
    """The records that bodies link to, by object, their lines' links included."""
    ids: dict[str, dict[str, None]] = {}
    links = compiled(live, model).links
    below = {
        table: compiled(live, live.model.object(line_object)).links
        for table, line_object in model.tables.items()
    }
    for values in bodies:
        _collect(links, values, ids)
        for table, line_links in below.items():
            for row in rows_of(values.get(table)):
                _collect(line_links, row, ids)
    return {name: tuple(found) for name, found in ids.items()}


async def ask(lane: "Lane", call: Call, command: "Command") -> Facts:
    """Run the prefetch, if there is anything to ask."""
    question = command.question
    if not (question.by or question.links or question.idempotent):
        return NOTHING
    statement = prefetch(
        call, question, record=command.record, ids=command.ids, scope=command.scope
    )
    return read_facts(call.live, question, await lane.read(statement))


async def ask_missing(lane: "Lane", call: Call, linked: Linked) -> None:
    """Fetch what a decision asked for in vain."""
    missing = {name: (sorted(ids), paths) for name, (ids, paths) in linked.missing.items()}
    question = Question(
        object=next(iter(missing)),
        roles=call.principal.roles,
        links=tuple(
            LinkQuestion(object=name, paths=tuple(sorted(paths)))
            for name, (_, paths) in sorted(missing.items())
        ),
    )
    ids = {name: found for name, (found, _) in missing.items()}
    facts = read_facts(call.live, question, await lane.read(prefetch(call, question, ids=ids)))
    for name, found in ids.items():
        linked.add(name, found, facts.linked.get(name, {}))


async def settled(
    lane: "Lane",
    call: Call,
    ids: Mapping[str, Sequence[str]],
    facts: Facts,
    tell: Callable[[Context], T],
) -> T:
    """What `tell` makes of the facts; where it asks for what is not known yet (a default that
    links), that is fetched and it is asked again. The usual one is asked once.

    `ids` are the linked records that the facts were asked for, by object.
    """
    linked = Linked()
    for object_name, found in facts.linked.items():
        linked.add(object_name, ids.get(object_name, ()), found)
    for _ in range(ROUNDS_MAX):
        told = tell(Context(call, linked))
        if not linked.missing:
            return told
        await ask_missing(lane, call, linked)
    raise AssertionError("defaults that link to defaults do not end")


def _links(
    live: Live,
    model: ObjectModel,
    there: bool,
    named: Iterable[str],
) -> tuple[LinkQuestion, ...]:
    """One question per linked object that a body names or that the record points at now."""
    paths: dict[str, set[Path]] = {name: set() for name in named}
    places: dict[str, list[LinkPlace]] = {}
    for place, behind in link_paths(live, model).items():
        table, field = place
        owner = live.model.object(model.tables[table]) if table else model
        for target in owner.fields[field].expr_type.targets:
            if not there and target not in paths:
                continue
            paths.setdefault(target, set()).update(behind)
            if there:
                places.setdefault(target, []).append(place)
    return tuple(
        LinkQuestion(
            object=name,
            paths=tuple(sorted(found)),
            current=tuple(sorted(places.get(name, ()))),
        )
        for name, found in sorted(paths.items())
    )


def rows_of(value: DecodedValue) -> list[Row]:
    """The rows of a table field of a body; none where it is no table field."""
    return value if isinstance(value, list) else []


def _collect(
    links: Mapping[str, Sequence[str]],
    values: Mapping[str, DecodedValue],
    ids: dict[str, dict[str, None]],
) -> None:
    for name, targets in links.items():
        value = values.get(name)
        for id in linked_by(value):
            for target in targets:
                ids.setdefault(target, {})[id] = None


def linked_by(value: object) -> tuple[str, ...]:
    """The ids that the value of a link names: its own, or those of a list."""
    if isinstance(value, str):
        return (value,)
    return cast("tuple[str, ...]", value) if isinstance(value, tuple) else ()
