"""The answer to a prefetch as typed values: what a write knows before it decides."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.metadata.types import StorageClass
from objectry_runtime.host.live import Live
from objectry_runtime.query.linked import LinkedRecord, Path
from objectry_runtime.query.prefetch import LinkQuestion, Question
from objectry_runtime.query.record import LineState, RecordState, stored_in, value_of
from objectry_runtime.store.executor import Rows


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that an idempotency key has had; `status` 0 where it is still being made."""

    body_hash: str
    status: int
    headers: Mapping[str, str]
    body: str


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval: the version of the record that it made, by whom, as whose `voice`."""

    version: int
    transition: str
    principal: str
    voice: str
    roles: frozenset[str]
    taken: bool
    at: datetime


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the prefetch found. `allowed` answers `rules`, and `fields` as "write:<field>"."""

    record: RecordState | None
    allowed: Mapping[str, bool]
    subject_key: bytes | None
    linked: Mapping[str, Mapping[str, LinkedRecord]]
    answer: StoredAnswer | None
    approvals: Sequence[Approval] = ()


def read_facts(live: Live, question: Question, rows: Rows) -> Facts:
    """The answer to a prefetch as typed values."""
    row = iter(rows[0])
    record: RecordState | None = None
    allowed: dict[str, bool] = {}
    subject_key: bytes | None = None
    approvals: Sequence[Approval] = ()
    if question.by and (raw := next(row)) is not None:
        found = _CURRENT.decode(raw)
        record = _record(live, live.model.object(question.object), found)
        asked = (*question.rules, *(f"write:{field}" for field in question.fields))
        allowed = dict(zip(asked, found.rules, strict=True))
        subject_key = found.key
        approvals = found.approvals
    answer = None
    if question.idempotent and (raw := next(row)) is not None:
        answer = _ANSWER.decode(raw)
    linked = {link.object: _linked(live, link, next(row)) for link in question.links}
    return Facts(
        record=record,
        allowed=allowed,
        subject_key=subject_key,
        linked=linked,
        answer=answer,
        approvals=approvals,
    )


class _Line(msgspec.Struct):
    id: str
    values: list[str | None]
    readable: bool = True


class _Current(msgspec.Struct):
    id: str
    version: int
    values: list[str | None]
    rules: list[bool]
    lines: list[list[_Line]]
    key: bytes | None
    approvals: list[Approval] = []


class _Found(msgspec.Struct):
    id: str
    readable: bool
    values: list[str | None]


_CURRENT = msgspec.json.Decoder(_Current)
_FOUND = msgspec.json.Decoder(list[_Found])
_ANSWER = msgspec.json.Decoder(StoredAnswer)


def _record(live: Live, model: ObjectModel, found: _Current) -> RecordState:
    lines: dict[str, tuple[LineState, ...]] = {}
    for (name, line_object), rows in zip(model.tables.items(), found.lines, strict=True):
        stored = stored_in(live, live.model.object(line_object))
        lines[name] = tuple(
            LineState(id=row.id, values=stored.values(row.id, row.values), readable=row.readable)
            for row in rows
        )
    values = stored_in(live, model).values(found.id, found.values)
    return RecordState(id=found.id, version=found.version, values=values, lines=lines)


def _linked(live: Live, link: LinkQuestion, raw: bytes | None) -> dict[str, LinkedRecord]:
    storages = [_storage_at(live, link.object, path) for path in link.paths]
    return {
        one.id: LinkedRecord(
            readable=one.readable,
            values={
                path: value_of(storage, text)
                for path, storage, text in zip(link.paths, storages, one.values, strict=True)
            },
        )
        for one in _FOUND.decode(raw or b"[]")
    }


def _storage_at(live: Live, object_name: str, path: Path) -> StorageClass:
    field = live.model.object(object_name).fields[path[0]]
    if len(path) == 1:
        return field.type.storage
    return _storage_at(live, field.expr_type.targets[0], path[1:])
