"""Live amounts are rounded in SQL as stored ones are in Python."""

from decimal import Decimal

import msgspec
import psycopg
import pytest

from objectry.values.currencies import minor_units
from objectry.values.numbers import quantise
from objectry_runtime.query import list_records
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import Store, data, new_call, pairs, publish

pytestmark = pytest.mark.anyio

SHARES = """
service: shares
label: Shares
---
object: fund
service: shares
label: Fund
plural: funds
fields:
  amount: {type: decimal, scale: 4}
---
object: share
service: shares
label: Share
plural: shares
fields:
  fund: {type: link, to: fund}
  currency: {type: currency}
  by_currency: {type: money, formula: fund.amount / 10}
  in_yen: {type: money, currency: JPY, formula: fund.amount / 10}
  third: {type: decimal, scale: 3, formula: fund.amount / 3}
  whole: {type: integer, formula: fund.amount}
permissions: {keeper: {read: true}}
"""
AMOUNTS = ["1.2500", "1.3500", "-1.2500", "25.0000", "15.0000", "0.0000", "-0.0400", "99999.9999"]


@pytest.mark.parametrize("mode", ["half_up", "half_even"])
async def test_live_amounts_have_the_places_and_rounding_of_the_company(
    mode: str, database: Database, owner: psycopg.Connection, executor: Executor
) -> None:
    live = msgspec.structs.replace(
        publish(database, SHARES), settings={"company": {"currency": "EUR", "rounding": mode}}
    )
    store = Store(owner, live)
    expected: list[dict[str, object]] = []
    for amount in map(Decimal, AMOUNTS):
        fund = store.insert("fund", amount=amount)
        for currency in ("EUR", "JPY", "KWD"):
            store.insert("share", fund=fund, currency=currency)
            even = mode == "half_even"
            tenth = amount / 10
            expected.append(
                {
                    "currency": currency,
                    "by_currency": str(quantise(tenth, minor_units(currency), even)),
                    "in_yen": str(quantise(tenth, 0, even)),
                    "third": str(quantise(amount / 3, 3)),
                    "whole": int(quantise(amount, 0)),
                }
            )

    fields = "currency,by_currency,in_yen,third,whole"
    shown = data(
        await list_records(new_call(live, executor, "keeper"), "share", pairs(fields=fields))
    )

    assert expected == shown
