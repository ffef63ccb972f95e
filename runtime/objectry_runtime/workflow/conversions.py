"""Conversions: a record made from another, or from several; open quantities under their locks."""

from collections.abc import Sequence
from decimal import Decimal

from objectry.metadata.model import ConversionModel, ObjectModel
from objectry_runtime.command.admission import check_version, found, path_of
from objectry_runtime.command.bodies import parse
from objectry_runtime.command.decision import Decide
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.lanes import Lane
from objectry_runtime.command.questions import question_about
from objectry_runtime.command.refusals import forbidden
from objectry_runtime.command.write import ACCEPTED, Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.conversions import converted
from objectry_runtime.query.facts import Facts, read_facts
from objectry_runtime.query.prefetch import prefetch
from objectry_runtime.query.record import RecordState
from objectry_runtime.workflow.making import Source, making
from objectry_runtime.workflow.wanted import Asked, read_sources, read_wanted

CREATED = 201
WHOLE = b""  # stands for the line where a whole document is converted


async def convert(
    call: Call, model: ObjectModel, rights: Policy, record: str, name: str, body: bytes
) -> Answer:
    """Make the record that the conversion `name` makes of a record."""
    conversion = model.conversions[name]
    wanted = read_wanted(parse(body), lines=conversion.lines is not None)

    async def inquire(lane: Lane, facts: Facts) -> Decide:
        state = found(facts, "read")
        if not rights.may_convert(name):
            raise forbidden()
        check_version(call, model, state, asked=False)
        done = await _done(lane, call, model, name, [state])
        source = Source(state=state, done=done[state.id], wanted=wanted, pointer="")
        return making(model, rights, conversion, [source])

    path = f"{path_of(model)}/{record}/actions/{name}"
    command = Command(
        question=question_about(call, model, record=record, rules=("read",)),
        inquire=inquire,
        record=record,
        status=status_of(conversion),
        path=path_of(call.live.model.object(conversion.to)),
        scope=scope_of(call, "POST", path),
        body_hash=hash_of(call, body),
    )
    return await write(call, command)


def status_of(conversion: ConversionModel) -> int:
    """What a conversion answers: of one whose target lives elsewhere only that it is accepted."""
    return ACCEPTED if conversion.definition.remote else CREATED


async def collect(call: Call, model: ObjectModel, rights: Policy, name: str, body: bytes) -> Answer:
    """Make one record of several: what the conversion `name` makes of all of them together.

    They are held in the order of their ids, whatever order they are named in.
    """
    conversion = model.conversions.get(name)
    if conversion is None or not conversion.definition.collective:
        raise Problem(404, "not_found", "There is no such action.")
    if not rights.may_convert(name):
        raise forbidden()
    asked = read_sources(parse(body), lines=conversion.lines is not None)

    async def inquire(lane: Lane, facts: Facts) -> Decide:
        states = await _read(lane, call, model, asked)
        done = await _done(lane, call, model, name, states)
        sources = [
            Source(state=state, done=done[state.id], wanted=one.wanted, pointer=one.pointer)
            for one, state in zip(asked, states, strict=True)
        ]
        return making(model, rights, conversion, sources)

    command = Command(
        question=question_about(call, model),
        inquire=inquire,
        held=[one.id for one in asked],
        status=status_of(conversion),
        path=path_of(call.live.model.object(conversion.to)),
        scope=scope_of(call, "POST", f"{path_of(model)}/actions/{name}"),
        body_hash=hash_of(call, body),
    )
    return await write(call, command)


async def _read(
    lane: Lane, call: Call, model: ObjectModel, asked: Sequence[Asked]
) -> list[RecordState]:
    """The records that a body names; those that the caller may not read are not there."""
    states: list[RecordState] = []
    errors: list[FieldError] = []
    for one in asked:
        question = question_about(call, model, record=one.id, rules=("read",), idempotent=False)
        rows = await lane.read(prefetch(call, question, record=one.id))
        try:
            states.append(found(read_facts(call.live, question, rows), "read"))
        except Problem:
            errors.append(FieldError(f"{one.pointer}/id", "link", "There is no such record."))
    if errors:
        raise invalid(errors)
    return states


async def _done(
    lane: Lane, call: Call, model: ObjectModel, name: str, states: Sequence[RecordState]
) -> dict[str, dict[str, Decimal]]:
    """What was converted already of records that are held: of each by line."""
    done: dict[str, dict[str, Decimal]] = {state.id: {} for state in states}
    for source, line, quantity in await lane.read(converted(call, model, name, list(done))):
        assert source is not None, "a tie has a source"
        taken = Decimal((quantity or b"0").decode())
        done[source.decode()][(line or WHOLE).decode()] = taken
    return done
