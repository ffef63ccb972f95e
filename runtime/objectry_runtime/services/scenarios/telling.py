"""A scenario told step by step, through the same commands that HTTP uses."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from typing import Any, cast

import msgspec

from objectry.metadata.model.scenarios import PARTS, ScenarioDef, StepDef
from objectry.values.ids import new_id
from objectry_runtime.command import create, delete, update
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import Answer, get_record
from objectry_runtime.services.scenarios.expecting import check_events, check_expected, fired
from objectry_runtime.services.scenarios.outcome import Failure, Outcome, Untrue
from objectry_runtime.services.scenarios.stage import People, Stage
from objectry_runtime.workflow import act
from objectry_runtime.workflow.timers import take_due

ADMIN = "admin"
NOON = day_time(12)
Json = Any  # JSON as a body holds it


async def tell(stage: Stage, scenario: ScenarioDef, number: int) -> Outcome:
    """Tell one scenario in tenant `number`; it ends at the first step that goes otherwise."""
    began = time.perf_counter()
    story = _Story(stage, stage.tenant(number))
    failure = None
    for part in PARTS:
        steps: tuple[StepDef, ...] = getattr(scenario, part)
        if part == "when":
            await story.begin()
        for index, step in enumerate(steps):
            try:
                await story.take(step)
            except Problem as problem:
                failure = _failure((part, index), step, f"It was refused: {told(problem)}")
            except Untrue as untrue:
                failure = _failure((part, index), step, str(untrue), untrue.values)
            if failure is not None:
                break
        if failure is not None:
            break
    seconds = time.perf_counter() - began
    return Outcome(scenario=scenario.name, seconds=round(seconds, 4), failure=failure)


class _Story:
    """What is known while a scenario is told: the moment, and the records by alias."""

    def __init__(self, stage: Stage, people: People) -> None:
        self._stage = stage
        self._people = people
        self._now = datetime.now(UTC)
        self._records: dict[str, tuple[str, str]] = {}  # object and id by alias
        self._events_before = 0

    async def begin(self) -> None:
        """What happens from here on is what `events` speaks of."""
        self._events_before = len(await fired(self._call(ADMIN)))

    async def take(self, step: StepDef) -> None:
        """One step; raises Problem where it is refused, Untrue where it isn't as told."""
        match step.action:
            case "travel":
                self._travel(step.date)
                await self._take_due()
            case "expect":
                await check_expected(self._call(ADMIN), self._records, step.expression)
            case "events":
                await check_events(self._call(ADMIN), step.events, self._events_before)
            case "rejects":
                assert step.step is not None, "the checks saw to it"
                await self._rejected(step, step.step)
            case _:
                await self._do(step)

    async def _do(self, step: StepDef) -> None:
        call = self._call(step.by or ADMIN)
        body = msgspec.json.encode(await self._filled(step.values or step.parameters))
        match step.action:
            case "create":
                answer = await create(call, step.target, body)
                self._name(step.alias, step.target, answer)
            case "update":
                await update(call, *self._record(step.target), body)
            case "delete":
                await delete(call, *self._record(step.target))
            case "do":
                object_name, id = self._record(step.on)
                answer = await act(call, object_name, id, step.target, body)
                conversion = call.live.model.object(object_name).conversions.get(step.target)
                if conversion is not None:
                    self._name(step.alias, conversion.to, answer)
            case _:
                raise AssertionError(f"{step.action} is no step that does something")

    async def _rejected(self, step: StepDef, inner: StepDef) -> None:
        try:
            await self._do(inner)
        except Problem as problem:
            codes = {problem.code, *(error.code for error in problem.errors)}
            fields = [error.pointer for error in problem.errors]
            if step.code and step.code not in codes:
                raise Untrue(f"It was refused otherwise: {told(problem)}") from None
            if step.field and not any(_below(one, step.field) for one in fields):
                message = f"It was refused, but not for {step.field}: {told(problem)}"
                raise Untrue(message) from None
        else:
            raise Untrue("It should have been refused, and was done.")

    def _travel(self, text: str) -> None:
        zone = self._stage.settings.time_zone
        if len(text) == len("2026-12-31"):
            self._now = datetime.combine(date.fromisoformat(text), NOON, zone).astimezone(UTC)
            return
        moment = datetime.fromisoformat(text)
        self._now = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    async def _take_due(self) -> None:
        """What a server would have done by itself by now."""
        ours = {id for _, id in self._records.values()}
        failed: list[str] = []

        def report(name: str, id: str, problem: Problem) -> None:
            if id in ours:
                failed.append(f"{name} was due and can't be taken: {told(problem)}")

        await take_due(self._call(ADMIN), frozenset(), report)
        if failed:
            raise Untrue("; ".join(failed))

    def _call(self, role: str) -> Call:
        # A moment passes with every step, so that what is newer can be told.
        self._now += timedelta(milliseconds=1)
        return Call(
            live=self._stage.live,
            executor=self._stage.executor,
            keyring=self._stage.keyring,
            principal=self._people.who(role),
            now=self._now,
            today=self._now.astimezone(self._stage.settings.time_zone).date(),
            correlation=f"scenario-{new_id()}",
        )

    def _name(self, alias: str, object_name: str, answer: Answer) -> None:
        if alias:
            document: dict[str, Json] = msgspec.json.decode(answer.body)
            self._records[alias] = (object_name, str(document["id"]))

    def _record(self, alias: str) -> tuple[str, str]:
        found = self._records.get(alias)
        if found is None:
            raise Untrue(f"There is no record `{alias}` yet.")
        return found

    async def _filled(self, value: Json) -> Json:
        """The body with `$alias` and `$alias.path` filled in."""
        match value:
            case dict():
                members = cast("dict[str, Json]", value)
                return {key: await self._filled(item) for key, item in members.items()}
            case list() | tuple():
                items = cast("Sequence[Json]", value)
                return [await self._filled(item) for item in items]
            case str() if value.startswith("$$"):
                return value[1:]
            case str() if value.startswith("$"):
                alias, *path = value[1:].split(".")
                object_name, id = self._record(alias)
                return await self._value(object_name, id, path) if path else id
            case _:
                return value

    async def _value(self, object_name: str, id: str, path: list[str]) -> Json:
        answer = await get_record(self._call(ADMIN), object_name, id, ())
        found: Json = msgspec.json.decode(answer.body)
        try:
            for part in path:
                found = found[int(part) if part.isdecimal() else part]
        except (KeyError, IndexError, TypeError):
            raise Untrue(f"`{'.'.join(path)}` is not in the record.") from None
        return found


def told(problem: Problem) -> str:
    """A problem in one line."""
    parts = [f"{problem.status} {problem.code}"]
    parts += [f"{one.pointer or '/'}: {one.message} ({one.code})" for one in problem.errors]
    if not problem.errors:
        parts.append(problem.detail or problem.title)
    return "; ".join(parts)


def said(step: StepDef) -> str:
    """A step in one line."""
    match step.action:
        case "expect":
            return f"expect {step.expression}"
        case "events":
            return f"events {', '.join(step.events)}"
        case "travel":
            return f"travel {step.date}"
        case "rejects":
            return f"rejects {said(step.step) if step.step else ''}"
        case "do":
            by = f" by {step.by}" if step.by else ""
            return f"do {step.target} on {step.on}{by}"
        case _:
            by = f" by {step.by}" if step.by else ""
            return f"{step.action} {step.target}{by}"


def _failure(
    place: tuple[str, int], step: StepDef, message: str, values: dict[str, str | None] | None = None
) -> Failure:
    return Failure(place=place, step=said(step), message=message, values=values or {})


def _below(pointer: str, wanted: str) -> bool:
    return pointer == wanted or pointer.startswith(f"{wanted}/")
