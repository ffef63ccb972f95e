"""Whatever is sent in whatever order: a state changes by a declared transition only."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from objectry_runtime.command import update
from objectry_runtime.problems import Problem
from objectry_runtime.publishing import live_release
from objectry_runtime.store.database import Database
from tests.executors import new_executor
from tests.objectry_runtime.command.world import World, make_live, refusal, text

TRANSITIONS = {
    ("open", "agree"): "agreed",
    ("agreed", "reopen"): "open",
    ("agreed", "finish"): "done",
}
STATES = st.sampled_from(["open", "agreed", "done", "nonsense", "", None, 7])


class Sales(RuleBasedStateMachine):
    """One sale, and all that can be sent about it."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.pool = new_executor(self.database.runtime_dsn, size=1)
        self.run(self.pool.open())
        found = live_release(self.database)
        assert found is not None
        self.world = World(make_live(*found), self.pool)
        customer = self.run(self.world.make("customer", name="Ada"))
        sale = self.run(self.world.make("sale", customer=customer["id"]))
        self.id: str = sale["id"]
        self.customer: str = customer["id"]
        self.state = "open"
        self.lines = 0
        self.passed = ["open"]

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(what)

    def attempt(self, what: Coroutine[Any, Any, Any]) -> Problem | None:
        try:
            self.run(what)
        except Problem as problem:
            return problem
        return None

    def teardown(self) -> None:
        self.run(self.pool.close())
        self.loop.close()

    @rule(name=st.sampled_from(["agree", "reopen", "finish", "cancel"]))
    def transition(self, name: str) -> None:
        allowed = TRANSITIONS.get((self.state, name))
        if name == "agree" and not self.lines:
            allowed = None
        refused = self.attempt(self.world.do("sale", self.id, name))
        if allowed is not None:
            assert refused is None
            self.state = allowed
            self.passed.append(self.state)
        else:
            assert refused is not None
            expected = (404, "not_found") if name == "cancel" else (409, "transition_refused")
            assert expected == refusal(refused)

    @rule(state=STATES, replace=st.booleans())
    def say_a_state(self, state: object, replace: bool) -> None:
        said = {"customer": self.customer, "status": state}
        call = self.world.call()
        locked = self.state != "open" and replace
        refused = self.attempt(update(call, "sale", self.id, text(said), replace=replace))
        if state != self.state or locked:
            assert refused is not None
            assert 422 == refused.status
            return
        assert refused is None
        if replace:
            self.lines = 0

    @rule()
    def add_a_line(self) -> None:
        kept = [{"id": one["id"]} for one in self.run(self.world.get("sale", self.id))["lines"]]
        lines = [*kept, {"what": "Tea", "price": "1"}]
        refused = self.attempt(self.world.change("sale", self.id, lines=lines))
        if self.state == "open":
            assert refused is None
            self.lines += 1
        else:
            assert refused is not None
            assert {"immutable"} == {one.code for one in refused.errors}

    @rule(note=st.sampled_from(["a", "b"]))
    def note(self, note: str) -> None:
        self.run(self.world.change("sale", self.id, note=note))

    @invariant()
    def the_record_is_in_the_state_of_the_last_transition(self) -> None:
        sale = self.run(self.world.get("sale", self.id))
        assert (self.state, self.lines) == (sale["status"], len(sale["lines"]))

    @invariant()
    def history_tells_the_same_story_without_a_gap(self) -> None:
        versions = self.run(self.world.history(self.id))
        assert list(range(1, len(versions) + 1)) == [one["version"] for one in versions]
        told = [one["changes"]["status"]["to"] for one in versions if "status" in one["changes"]]
        assert self.passed == told


def test_a_state_changes_by_a_declared_transition_only(trade: Database) -> None:
    class Machine(Sales):
        database = trade

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
