"""Demo data: a small business on the suite's objects, entered through the command path."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from objectry_runtime.command import create, update
from objectry_runtime.identity import Call
from objectry_runtime.query import Answer, list_records
from objectry_runtime.store.together import Together
from objectry_runtime.workflow import act

STORY = Path(__file__).with_name("demo.yaml")

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_DATE = re.compile(r"today([+-]\d+)?")


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happened; demo.yaml explains the keys."""

    create: str = ""
    change: str = ""
    act: str | list[str] = ""
    of: str = ""
    name: str = msgspec.field(default="", name="as")
    lang: str = ""  # the language of translated texts in the body
    # JSON as the API takes it, with names and dates to be filled in.
    body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any], name="with")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the story: its object, and the document the last answer showed."""

    object: str
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        found = self.document["id"]
        assert isinstance(found, str)
        return found


async def load(new_call: Callable[[], Call]) -> bool:
    """Enter the story, dated back from today. Does nothing where it can't or has been.

    `new_call` gives a call by somebody who may do everything. Returns whether data was entered:
    not where there are customers already, nor where the project has other objects than the suite.
    The story is one transaction: whoever is killed while telling it has told nothing.
    """
    steps = read_story()
    first = new_call()
    if not all(step.create in first.live.model.objects() for step in steps if step.create):
        return False
    if await _any_customers(first):
        return False
    known: dict[str, Known] = {}
    async with first.executor.transaction() as transaction:
        together = Together(transaction)
        for step in steps:
            await _take(step, known, lambda: replace(new_call(), executor=together))
    return True


def read_story() -> list[Step]:
    """The steps in the order they happen."""
    return msgspec.yaml.decode(STORY.read_bytes(), type=list[Step])


async def _any_customers(call: Call) -> bool:
    answer = await list_records(call, "customer", (("limit", "1"),))
    return bool(_document(answer)["data"])


async def _take(step: Step, known: dict[str, Known], new_call: Callable[[], Call]) -> None:
    call = new_call()
    if step.lang:
        call = replace(call, languages=(step.lang,), language=step.lang)
    body = msgspec.json.encode(_filled(step.body, known, call))
    if step.create:
        document = _document(await create(call, step.create, body))
        known[step.name] = Known(object=step.create, document=document)
    elif step.change:
        record = known[step.change]
        document = _document(await update(call, record.object, record.id, body))
        known[step.change] = Known(object=record.object, document=document)
    else:
        actions = [step.act] if isinstance(step.act, str) else step.act
        for action in actions:
            await _act(action, step, body, known, new_call())


async def _act(action: str, step: Step, body: bytes, known: dict[str, Known], call: Call) -> None:
    record = known[step.of]
    conversion = call.live.model.object(record.object).conversions.get(action)
    document = _document(await act(call, record.object, record.id, action, body))
    if conversion is None:
        known[step.of] = Known(object=record.object, document=document)
    else:
        known[step.name] = Known(object=conversion.to, document=document)


def _filled(value: Json, known: Mapping[str, Known], call: Call) -> Json:
    """The body with `$names` and dates filled in."""
    match value:
        case dict():
            return {key: _filled(item, known, call) for key, item in value.items()}
        case list():
            return [_filled(item, known, call) for item in value]
        case str() if value.startswith("$"):
            name, *path = value[1:].split(".")
            return _at(known[name].document, path or ["id"])
        case str() if found := _DATE.fullmatch(value):
            return (call.today + timedelta(days=int(found.group(1) or 0))).isoformat()
        case _:
            return value


def _at(document: Any, path: list[str]) -> Json:
    found: Any = document
    for part in path:
        found = found[int(part) if part.isdecimal() else part]
    shown: Json = found
    return shown


def _document(answer: Answer) -> dict[str, Any]:
    return msgspec.json.decode(answer.body, type=dict[str, Any])
