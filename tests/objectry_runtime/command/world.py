"""A small business for tests of the write path, and a caller who may do everything in it."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from objectry.metadata.loader import load_documents
from objectry.registry import Release, make_release
from objectry.sdk import Plugin, Record, computed
from objectry.values.ids import new_id
from objectry_runtime.command import create, delete, update
from objectry_runtime.host import Live, build_live
from objectry_runtime.identity import Call, Principal
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.single import get_record
from objectry_runtime.store.executor import Bound, Executor
from objectry_runtime.store.keyring import Keyring
from objectry_runtime.workflow import act

DEFINITIONS = """
service: trade
---
role: clerk
label: Clerk
---
role: chief
label: Chief
---
role: writer
label: Writer
---
role: guest
label: Guest
---
sequence: papers
pattern: "P-{year}-{seq:04}"
gapless: true
reset: year
---
object: region
service: trade
fields:
  name: {type: text, required: true}
permissions:
  clerk: {read: name != 'secret', create: true}
---
object: customer
service: trade
fields:
  name:     {type: text, required: true, max_length: 20}
  code:     {type: text, unique: true}
  currency: {type: currency, default: "'EUR'"}
  discount: {type: percent, min: 0, max: 100}
  region:   {type: link, to: region}
  born:     {type: date, sensitive: true}
  spouse:   {type: text, required_when: married}
  married:  {type: boolean, default: false}
  maiden:   {type: text, when: married}
  vip:      {type: boolean, default: false, read_only: true}
  passport: {type: text, immutable: true}
permissions:
  clerk:
    read: name != 'hidden'
    create: name != 'forbidden'
    update: name != 'locked'
    fields: {discount: read, spouse: none}
  writer: {create: true}
events: {created: CustomerCreated, updated: CustomerUpdated, deleted: CustomerDeleted}
---
object: sale
service: trade
numbering: {pattern: "S-{year}-{seq:03}", reset: year, date: sold_on}
fields:
  customer: {type: link, to: customer, required: true}
  sold_on:  {type: date, default: today()}
  due_on:   {type: date, default: sold_on + days(14)}
  currency: {type: currency, default: customer.currency, required: true}
  address:  {type: text, formula: customer.name, snapshot: true}
  lines:    {type: table, of: sale_line}
  rebate:   {type: money, default: 0}
  net:      {type: money, formula: sum(lines.net)}
  tax:      {type: money, computed: tax}
  gross:    {type: money, formula: net + tax - rebate}
  note:     {type: text, was: remark}
  region:   {type: link, to: region, default: customer.region}
  area:     {type: text, default: region.name}
  open_for: {type: integer, formula: "days_between(sold_on, today())"}
  follows:  {type: link, to: sale}
checks:
  - {rule: open_for >= 0, message: Not in the future., field: sold_on}
  - {rule: due_on >= sold_on, message: Due before it was sold., field: due_on}
  - {rule: rebate <= net, message: More rebate than there is to pay.}
immutable: {when: status != 'open', except: [note]}
workflow:
  field: status
  initial: open
  states: {open: {}, agreed: {}, done: {final: true}}
  transitions:
    agree:
      from: open
      to: agreed
      when: count(lines) > 0
      message: A sale needs a line.
      event: SaleAgreed
    reopen: {from: agreed, to: open, roles: [chief]}
    finish: {from: agreed, to: done}
conversions:
  parcel:
    to: parcel
    when: status == 'agreed'
    releases_when: status == 'returned'
    event: SaleShipped
    map: {sale: id, customer: customer, remark: "concat('for ', number)"}
    lines: {from: lines, to: items, quantity: quantity, map: {what: what, pieces: quantity}}
  paper:
    to: paper
    when: status != 'open'
    releases_when: state == 'void' or key == 'spare'
    map: {sale: id, amount: gross}
  sheet:
    to: sheet
    releases_when: void
    lines: {from: lines, to: rows, map: {what: what}}
events: {created: SaleCreated, updated: SaleUpdated}
permissions:
  clerk:
    read: true
    create: true
    update: owner == user.id
    delete: status == 'open'
    transitions: [agree]
    conversions: [parcel]
  chief: {read: true, update: true, transitions: "*", conversions: "*"}
---
object: sale_line
service: trade
fields:
  what:     {type: text, required: true}
  quantity: {type: decimal, scale: 2, default: 1, min: 0}
  price:    {type: money, required: true}
  rate:     {type: percent, default: 19}
  net:      {type: money, formula: quantity * price}
checks:
  - {rule: "price < 1000000", message: Too dear., field: price}
---
object: parcel
service: trade
fields:
  sale:     {type: link, to: sale, read_only: true}
  customer: {type: link, to: customer}
  remark:   {type: text, max_length: 40}
  items:    {type: table, of: parcel_item}
workflow:
  field: status
  initial: packed
  states: {packed: {}, returned: {}, lost: {final: true}}
  transitions:
    return: {from: packed, to: returned}
    resend: {from: returned, to: packed}
    lose:   {from: packed, to: lost}
conversions:
  box:
    to: box
    lines: {from: items, to: items, quantity: pieces, map: {what: what, pieces: pieces}}
events: {created: ParcelCreated}
permissions:
  chief: {read: true, delete: true, transitions: "*"}
---
object: parcel_item
service: trade
fields:
  what:   {type: text}
  pieces: {type: decimal, scale: 2}
---
object: box
service: trade
numbering: {pattern: "B-{seq}"}
fields:
  items: {type: table, of: box_item}
permissions: {}
---
object: box_item
service: trade
fields:
  what:   {type: text}
  pieces: {type: decimal, scale: 2}
---
object: sheet
service: trade
fields:
  rows: {type: table, of: sheet_row}
  void: {type: boolean}
permissions: {}
---
object: sheet_row
service: trade
fields:
  what: {type: text}
---
object: paper
service: trade
numbering: {sequence: papers, at: issue, date: dated}
fields:
  dated:  {type: date, default: today()}
  sale:   {type: link, to: sale}
  amount: {type: money, default: 0}
  key:    {type: text, unique: true}
workflow:
  field: state
  initial: draft
  states: {draft: {}, issued: {}, void: {final: true}}
  transitions:
    issue: {from: draft, to: issued, event: PaperIssued}
    void:  {from: issued, to: void}
permissions:
  clerk: {read: true, create: true, update: true, delete: true, transitions: "*"}
  guest: {read: true, fields: {state: none}}
---
object: ticket
service: trade
numbering: {pattern: "{queue}/{seq}", scope: [queue], gapless: true}
require_if_match: true
fields:
  queue: {type: text, default: "'a'"}
  token: {type: text, unique: true}
---
object: chain
service: trade
fields:
  first:  {type: decimal, scale: 0, required: true}
  second: {type: decimal, scale: 0, default: first + 1}
  third:  {type: decimal, scale: 0, formula: second + 1}
  last:   {type: decimal, scale: 0, default: third + 1, required: true}
  links:  {type: table, of: chain_link}
permissions: {}
---
object: chain_link
service: trade
fields:
  size:  {type: decimal, scale: 0, default: parent.third, required: true}
  twice: {type: decimal, scale: 0, default: size * parent.last, required: true}
  tag:   {type: text, unique: true}
---
object: shelf
service: trade
fields:
  place: {type: text}
  row:   {type: integer}
  first: {type: text, formula: "'x'", snapshot: true}
permissions:
  clerk: {read: true, create: true, update: true, fields: {place: read}}
  chief: {read: true, update: row == 1}
"""

NOW = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)
TODAY = date(2026, 3, 31)

tax_plugin = Plugin("tax")


@tax_plugin.on(computed("tax", reads=["lines.net", "lines.rate"]))
def _tax(record: Record, ctx: Any) -> Decimal:
    return sum((line.net * line.rate / 100 for line in record.lines), Decimal(0))


_tenants = itertools.count(100)


def release() -> Release:
    """The business as a release."""
    from objectry.sdk import catalog

    loaded = load_documents({"trade.yaml": DEFINITIONS})
    assert [] == [str(one) for one in loaded.findings]
    assert catalog([tax_plugin])
    return make_release(loaded.definitions)


def make_live(release: Release, storage: Any) -> Live:
    """The release with its plugin, as a server would serve it."""
    return build_live(release, storage, [tax_plugin], {"company": {"currency": "EUR"}})


@dataclass
class World:
    """One tenant of the business: its records are nobody else's."""

    live: Live
    executor: Executor
    keyring: Keyring = field(default_factory=lambda: Keyring(b"k" * 32))
    tenant: int = field(default_factory=lambda: next(_tenants))
    now: datetime = NOW
    today: date = TODAY

    def call(self, *roles: str, user: str = "", **more: Any) -> Call:
        """A call by somebody with `roles` (none: admin)."""
        principal = Principal(
            tenant=self.tenant,
            tenant_name="test",
            user=user or new_id(),
            name="Somebody",
            roles=frozenset(roles or ("admin",)),
        )
        return Call(
            live=self.live,
            executor=self.executor,
            keyring=self.keyring,
            principal=principal,
            now=self.now,
            today=self.today,
            correlation="request-1",
            **more,
        )

    async def make(self, object_name: str, *roles: str, **values: Any) -> dict[str, Any]:
        """Create a record and return it."""
        return body(await create(self.call(*roles), object_name, text(values)))

    async def change(self, object_name: str, id: str, *roles: str, **values: Any) -> dict[str, Any]:
        """Patch a record and return it."""
        return body(await update(self.call(*roles), object_name, id, text(values)))

    async def do(self, object_name: str, id: str, name: str, *roles: str, **given: Any) -> Any:
        """Run an action and return the record it answers with."""
        return body(await act(self.call(*roles), object_name, id, name, text(given)))

    async def remove(self, object_name: str, id: str, *roles: str) -> Answer:
        """Delete a record."""
        return await delete(self.call(*roles), object_name, id)

    async def get(self, object_name: str, id: str) -> dict[str, Any]:
        """A record as an admin sees it."""
        return body(await get_record(self.call(), object_name, id, ()))

    async def ask(self, sql: str, *params: str) -> list[tuple[str | None, ...]]:
        """Rows of a statement as texts; `$1` is the tenant."""
        rows = await self.executor.read(Bound(sql, (str(self.tenant), *params)))
        return [tuple(None if one is None else one.decode() for one in row) for row in rows]

    async def events(self) -> list[str]:
        """The types of all events, in order."""
        rows = await self.ask(
            "select type from objectry.event where tenant_id = $1::integer order by epoch, xid, id"
        )
        return [str(row[0]) for row in rows]

    async def history(self, id: str) -> list[dict[str, Any]]:
        """The history of a record, oldest first."""
        rows = await self.ask(
            "select json_build_object('version', version, 'op', op, 'action', action, "
            "'record', record, 'changes', changes)::text from objectry.history "
            "where tenant_id = $1::integer and record_id = $2::uuid order by version",
            id,
        )
        return [json.loads(str(row[0])) for row in rows]


def text(values: Any) -> bytes:
    """A body; decimals go as text."""
    return msgspec.json.encode(values)


def body(answer: Answer) -> dict[str, Any]:
    """What an answer says."""
    said: dict[str, Any] = json.loads(answer.body)
    return said


def refusal(problem: Problem) -> tuple[int, str]:
    """A problem's status and code."""
    return problem.status, problem.code


def errors(problem: Problem) -> dict[str, str]:
    """A problem's field errors: pointer → code."""
    return {one.pointer: one.code for one in problem.errors}


def picked(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Some fields of a record."""
    return {name: record[name] for name in names}
