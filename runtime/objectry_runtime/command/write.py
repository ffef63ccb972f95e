"""The write path: one function that every command goes through, whatever it decides."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision
from objectry_runtime.command.discretion import discreet
from objectry_runtime.command.idempotency import claim, remember, replay
from objectry_runtime.command.lanes import Lane, Sealed, locked
from objectry_runtime.command.questions import ask, settled
from objectry_runtime.command.reach import reach, reach_decided
from objectry_runtime.command.refusals import (
    LINKED,
    SERIALISATION,
    Repeated,
    Stale,
    conflict,
    explain,
)
from objectry_runtime.command.unit import contended, unit_of
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import WriteAction
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.prefetch import IdempotencyScope, Question
from objectry_runtime.query.single import read_many_statement, read_statement, record_answer
from objectry_runtime.store.executor import Bound, DatabaseError, Row

SEALED_TRIES = 3
NO_CONTENT = 204
ACCEPTED = 202  # what is to be made elsewhere is answered with its id alone
DEPRECATED = "@0"  # RFC 9745: since a moment that is past; which one the release does not say


Inquire = Callable[[Lane, Facts], Awaitable[Decide]]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A write, decoded and authorized: what it must know, and what it makes of that.

    `decide` makes the decision; `inquire`, in its place, asks more while it holds the record.
    `record` is the id or number of the record it is about ("" when it makes one), `held` the ids of
    the records that it holds where there are several; `ids` the
    records its body links to, by object; `path` the REST path of what it makes; `deprecated`:
    its body used a name that a field once had.
    """

    question: Question
    decide: Decide | None = None
    inquire: Inquire | None = None
    record: str = ""
    held: Sequence[str] = ()
    ids: Mapping[str, Sequence[str]] = {}
    status: int = 200
    path: str = ""
    bulk: bool = False
    deprecated: bool = False
    scope: IdempotencyScope | None = None
    body_hash: str = ""


class _Failed(Exception):
    """The database refused the unit; explained once the lane is closed."""

    def __init__(self, decision: Decision, error: DatabaseError) -> None:
        super().__init__(str(error))
        self.decision = decision
        self.error = error


async def write(call: Call, command: Command) -> Answer:
    """Do a write: prefetch, decide, one sealed unit, answer.

    Where others write the same record in between it decides again; after a few times it does so
    while holding the record, so that everybody gets their turn.
    """
    await reach(call, command.ids)
    for attempt in range(SEALED_TRIES + 1):
        try:
            if command.inquire is None and (attempt < SEALED_TRIES or not command.record):
                return await attempt_in(Sealed(call), call, command)
            by, held = command.question.by or "id", command.held or (command.record,)
            edits = command.inquire is None
            async with locked(call, command.question.object, by, held, edits=edits) as lane:
                return await attempt_in(lane, call, command)
        except _Failed as failed:
            told = await explain(call, failed.decision, failed.error)
            if told is failed.error:
                raise failed.error from None
            if failed.error.sqlstate == LINKED and await reach_decided(call, failed.decision):
                continue
            if isinstance(told, Problem) and told.errors:
                raise _refused(call, failed.decision, told.errors) from failed.error
            if not isinstance(told, Stale | Repeated):
                raise told from failed.error
        except DatabaseError as error:  # of two that waited for each other, before either wrote
            if error.sqlstate not in SERIALISATION:
                raise
    raise conflict("stale", "Others keep writing this record.", "Nothing was kept. Try again.")


async def attempt_in(lane: Lane, call: Call, command: Command) -> Answer:
    """One attempt in a lane: what is known, what is decided, what is written, what is answered."""
    facts = await ask(lane, call, command)
    if facts.answer is not None:
        return replay(facts.answer, command.body_hash)
    decide = command.decide
    if command.inquire is not None:
        decide = await command.inquire(lane, facts)
    assert decide is not None, "a command decides or inquires"
    decision = await settle(lane, call, decide, command.ids, facts)
    if decision.errors:
        raise _refused(call, decision, decision.errors)
    # A claimed key must be held before anything else is touched, and remembers what is read.
    answering = not command.bulk and command.scope is None and command.status != NO_CONTENT
    unit = unit_of(call, decision, facts.subject_key, answering=answering)
    run = list(unit.statements)
    if command.scope is not None:
        run.insert(0, claim(call, command.scope, command.body_hash))
    if unit.answer < 0:
        run.append(_reading(call, command, decision))
    try:
        rows = await lane.write(run, contended(call, decision))
    except DatabaseError as error:
        raise _Failed(decision, error) from error
    return _answer(command, decision, rows[unit.answer])


async def settle(
    lane: Lane, call: Call, decide: Decide, ids: Mapping[str, Sequence[str]], facts: Facts
) -> Decision:
    """Decide; deciding is pure, so doing it again when more is known costs time only."""
    failures: list[Problem] = []

    def deciding(context: Context) -> Decision:
        decision = decide(context, facts)
        failures[:] = context.failures
        return decision

    decision = await settled(lane, call, ids, facts, deciding)
    if failures and not decision.errors:
        raise failures[0]
    return decision


def _refused(call: Call, decision: Decision, errors: Sequence[FieldError]) -> Problem:
    action: WriteAction = "create" if decision.operation == "create" else "update"
    return invalid(discreet(call, decision.model, action, errors))


def _reading(call: Call, command: Command, decision: Decision) -> Bound:
    ids = [version.id for version in decision.versions]
    if command.status == NO_CONTENT:
        return Bound("select null, null where false")
    name = decision.model.name
    read = (
        read_many_statement(call, name, ids) if command.bulk else read_statement(call, name, ids[0])
    )
    if command.status == ACCEPTED:
        read = Bound("select null::text, null::text where false")
    if command.scope is None:
        return read
    return remember(
        call,
        command.scope,
        read,
        status=command.status,
        headers=_headers(command, decision),
        bulk=command.bulk,
        count=len(ids),
        fallback=_ids_only(command, decision).decode(),
    )


def _answer(command: Command, decision: Decision, rows: Sequence[Row]) -> Answer:
    if command.status == NO_CONTENT:
        return Answer(status=NO_CONTENT, body=b"")
    headers = _headers(command, decision)
    if len(rows) < len(decision.versions):
        headers["Content-Type"] = "application/json"
        return Answer(status=command.status, body=_ids_only(command, decision), headers=headers)
    if not command.bulk:
        return record_answer(rows[0], command.status, headers)
    body = b'{"data":[' + b",".join(row[0] or b"null" for row in rows) + b"]}"
    headers["Content-Type"] = "application/json"
    return Answer(status=command.status, body=body, headers=headers)


def _headers(command: Command, decision: Decision) -> dict[str, str]:
    headers: dict[str, str] = {}
    if command.deprecated:
        headers["Deprecation"] = DEPRECATED
    if command.status in (201, ACCEPTED) and not command.bulk:
        headers["Location"] = f"{command.path}/{decision.versions[0].id}"
    return headers


def _ids_only(command: Command, decision: Decision) -> bytes:
    """What a caller learns of records it may write but not read: their ids."""
    ids = [{"id": version.id} for version in decision.versions]
    return msgspec.json.encode({"data": ids} if command.bulk else ids[0])
