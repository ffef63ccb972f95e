"""Every case of permissions.yaml, through the Python evaluator and through PostgreSQL."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from objectry.expressions import Env, Value, evaluator
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Model
from objectry_runtime.host.live import Live
from objectry_runtime.permissions import Policy, Rule, compile_policy, policy
from objectry_runtime.query import list_records
from objectry_runtime.query.projection import MASK
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import ANN, BOB, NOW, Store, data, new_call, publish

pytestmark = pytest.mark.anyio

TABLE: dict[str, Any] = msgspec.yaml.decode(
    Path(__file__).with_name("permissions.yaml").read_bytes()
)
FIELDS = ("state", "amount", "secret")
USERS = {"ann": ANN, "bob": BOB}
OBJECT = """
service: things
label: Things
---
object: thing
service: things
label: Thing
plural: things
fields:
  name: {type: text}
  state: {type: text}
  amount: {type: integer}
  secret: {type: text}
permissions: %s
---
role: x
label: X
---
role: y
label: Y
"""
CASES = [pytest.param(case, id=case["name"]) for case in TABLE["cases"]]


class Record:
    """A record in memory, as the evaluator asks for it."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def get(self, path: tuple[str, ...]) -> Value:
        (name,) = path
        return self._values[name]

    def rows(self, field: str) -> list["Record"]:
        raise AssertionError(f"{field} is no table")

    @property
    def parent(self) -> "Record":
        raise AssertionError("a thing has no owner")


def definitions(case: Mapping[str, Any]) -> str:
    return OBJECT % msgspec.json.encode(case["permissions"]).decode()


def in_python(rights: Policy, record: Mapping[str, Any], roles: list[str]) -> Any:
    """What the policy shows of a record, decided without a database."""
    values = {name: _value(record[name]) for name in FIELDS} | {"owner": USERS[record["owner"]]}
    env = Env(
        record=Record(values),
        user={"id": ANN, "name": "ann", "roles": tuple(roles)},
        today=NOW.date(),
        now=NOW,
    )

    def holds(rule: Rule) -> bool:
        return rule if isinstance(rule, bool) else evaluator(rule)(env) is True

    if not holds(rights.rule("read")):
        return None
    shown: dict[str, Any] = {}
    for name in FIELDS:
        if holds(rights.field(name, "read")):
            shown[name] = record[name]
        elif rights.shows(name):
            masked = holds(rights.masked(name)) and name != "amount"
            shown[name] = MASK if masked else None
    return shown


def _value(value: Any) -> Value:
    return Decimal(value) if isinstance(value, int) else value


@pytest.mark.parametrize("case", CASES)
def test_python_agrees(case: Mapping[str, Any]) -> None:
    model = Model(load_documents({"objects/thing.yaml": definitions(case)}).definitions)
    rights = compile_policy(model.object("thing"), frozenset(case["roles"]), None)

    shown = {
        name: in_python(rights, record, case["roles"]) for name, record in TABLE["records"].items()
    }

    assert case["expect"] == shown


def _reads(live: Live, roles: list[str]) -> bool:
    """Who may read no record at all is refused the list; tests/objectry_runtime has that."""
    return policy(live, "thing", frozenset(roles)).rule("read") is not False


@pytest.mark.parametrize("case", CASES)
async def test_postgresql_agrees(
    case: Mapping[str, Any], database: Database, owner: psycopg.Connection, executor: Executor
) -> None:
    live = publish(database, definitions(case))
    store = Store(owner, live)
    for name, record in TABLE["records"].items():
        values = {field: record[field] for field in FIELDS}
        store.insert("thing", owner=USERS[record["owner"]], name=name, **values)
    call = new_call(live, executor, *case["roles"])

    shown: dict[str, Any] = dict.fromkeys(TABLE["records"])
    page = data(await list_records(call, "thing", ())) if _reads(live, case["roles"]) else []
    for found in page:
        shown[str(found["name"])] = {name: found[name] for name in FIELDS if name in found}

    assert case["expect"] == shown
