"""Generated policies over generated records: what PostgreSQL shows is what a brute-force reading
of the rules shows, record by record, role by role."""

from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objectry.metadata.loader import load_documents
from objectry.metadata.model import Model
from objectry.registry import make_release
from objectry_runtime.host.live import Live
from objectry_runtime.problems import Problem
from objectry_runtime.query import list_records
from objectry_runtime.query.projection import MASK
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import ANN, BOB, Store, data, new_call, pairs, publish

pytestmark = pytest.mark.anyio

THING = """
service: things
label: Things
---
object: thing
service: things
label: Thing
plural: things
fields:
  name: {type: text}
  amount: {type: integer}
  secret: {type: text}
permissions: %s
"""
ROLES = ("x", "y", "z")
FIELDS = ("amount", "secret")
RECORDS: list[dict[str, Any]] = [
    {"name": f"{owner}{amount}{secret}", "owner": owner, "amount": amount, "secret": secret}
    for owner in (ANN, BOB)
    for amount in (None, 1, 5)
    for secret in (None, "s", "t")
]

# A rule's source, and what it says of a record in plain Python: True, False or None.
Says = Callable[[dict[str, Any]], bool | None]
RULES: dict[str, Says] = {
    "owner == user.id": lambda r: r["owner"] == ANN,
    "amount < 3": lambda r: None if r["amount"] is None else r["amount"] < 3,
    "not (amount < 3)": lambda r: None if r["amount"] is None else not r["amount"] < 3,
    "amount != 5": lambda r: r["amount"] != 5,
    "secret == 's'": lambda r: r["secret"] == "s",
    "secret in ['s', 't']": lambda r: r["secret"] in ("s", "t"),
    "amount in []": lambda r: False,
    "amount > 1 or secret == 't'": lambda r: (r["amount"] or 0) > 1 or r["secret"] == "t",
}
RIGHTS = st.sampled_from(["write", "read", "mask", "none", "none"])
GRANTS = st.fixed_dictionaries(
    {
        "read": st.sampled_from([True, False, *sorted(RULES)]),
        "fields": st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, RIGHTS)),
        "deny": st.sampled_from([[], [], [], [], ["read"]]),
    }
)
POLICIES = st.fixed_dictionaries({"x": GRANTS, "y": GRANTS}, optional={"z": GRANTS})
ASKED: list[tuple[dict[str, str], Says]] = [
    ({"amount__gt": "1"}, lambda r: r["amount"] is not None and r["amount"] > 1),
    ({"amount__ne": "1"}, lambda r: r["amount"] != 1),
    ({"secret": "s"}, lambda r: r["secret"] == "s"),
    ({"secret__isnull": "true"}, lambda r: r["secret"] is None),
    ({"where": "amount == 5"}, lambda r: r["amount"] == 5),
    ({"where": "not (secret == 's')"}, lambda r: r["secret"] != "s"),
]
CALLERS = st.sampled_from(["xyz", "xy", "x", "xz", ""]).map(set[str])


def admits(grant: dict[str, Any], record: dict[str, Any]) -> bool:
    rule = grant.get("read", False)
    return rule if isinstance(rule, bool) else RULES[rule](record) is True


def oracle(policy: dict[str, Any], roles: set[str], record: dict[str, Any]) -> Any:
    """What may be seen of a record, by the words of the documentation."""
    grants = [policy[role] for role in roles if role in policy]
    if any("read" in grant.get("deny", ()) for grant in grants):
        return None
    admitting = [grant for grant in grants if admits(grant, record)]
    if not admitting:
        return None
    shown: dict[str, Any] = {}
    for name in FIELDS:
        rights = {grant.get("fields", {}).get(name, "write") for grant in admitting}
        if rights & {"write", "read"}:
            shown[name] = record[name]
        elif "mask" in rights and name == "secret":
            shown[name] = MASK
        else:
            shown[name] = None
    return shown


def candidate(base: Live, policy: dict[str, Any]) -> Live:
    """The same tables under other permissions."""
    loaded = load_documents({"objects/t.yaml": THING % msgspec.json.encode(policy).decode()})
    assert loaded.findings == ()
    model: Model = make_release(loaded.definitions).model()
    return msgspec.structs.replace(base, model=model, compiled={})


@pytest.fixture
def base(database: Database, owner: psycopg.Connection) -> Live:
    """The table with every combination of values."""
    live = publish(database, THING % "{}")
    store = Store(owner, live)
    for record in RECORDS:
        store.insert("thing", **record)
    return live


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(policy=POLICIES, roles=CALLERS)
async def test_what_is_shown_is_what_the_rules_say(
    policy: dict[str, Any], roles: set[str], base: Live, executor: Executor
) -> None:
    call = new_call(candidate(base, policy), executor, *roles)
    expected = {
        record["name"]: shown
        for record in RECORDS
        if (shown := oracle(policy, roles, record)) is not None
    }

    try:
        found = data(await list_records(call, "thing", ()))
    except Problem as refused:
        found, status = [], refused.status
    else:
        status = 200

    assert status in (200, 403)
    assert expected == {one["name"]: {name: one.get(name) for name in FIELDS} for one in found}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    policy=POLICIES,
    roles=CALLERS,
    asked=st.sampled_from(ASKED),
)
async def test_a_filter_sees_what_the_caller_sees(
    policy: dict[str, Any],
    roles: set[str],
    asked: tuple[dict[str, str], Says],
    base: Live,
    executor: Executor,
) -> None:
    """Filtering by a field is filtering by its shown value, null where it may not be read."""
    params, passes = asked
    call = new_call(candidate(base, policy), executor, *roles)
    expected: set[str] = set()
    for record in RECORDS:
        shown = oracle(policy, roles, record)
        if shown is not None:
            seen = {name: None if shown[name] == MASK else shown[name] for name in FIELDS}
            if passes(record | seen):
                expected.add(record["name"])

    readable = [shown for record in RECORDS if (shown := oracle(policy, roles, record))]
    field = "amount" if "amount" in str(params) else "secret"
    usable = any(one[field] not in (None, MASK) for one in readable)

    try:
        found = {one["name"] for one in data(await list_records(call, "thing", pairs(**params)))}
    except Problem as refused:
        found, status = set[object](), refused.status
    else:
        status = 200

    # Refused is what nobody could learn from: nothing to read, or a field hidden in all of it.
    assert (status, found) == (200, expected) or (status in (400, 403) and not usable)
