"""An office that passes documents on: bills of many jobs, approvals, moments, companies."""

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import Release, make_release

DEFINITIONS = """
service: office
---
role: clerk
label: Clerk
---
role: manager
label: Manager
---
role: director
label: Director
---
role: driver
label: Driver
---
object: client
service: office
fields:
  name:   {type: text, required: true}
  secret: {type: text}
permissions:
  clerk: {read: true, create: true, fields: {secret: none}}
  manager: {read: true}
---
object: company
service: office
fields:
  code: {type: text, required: true, unique: true}
permissions:
  clerk: {read: true}
---
object: job
service: office
title: subject
numbering: {pattern: "J-{seq:04}"}
fields:
  client:   {type: link, to: client, required: true}
  subject:  {type: text}
  rebate:   {type: percent, default: 0}
  currency: {type: currency, default: "'EUR'"}
  secret:   {type: boolean, default: false}
  rows:     {type: table, of: job_row}
workflow:
  initial: open
  states: [open, agreed]
  transitions:
    agree: {from: open, to: agreed}
conversions:
  bill:
    to: bill
    collective: true
    when: status == 'agreed'
    releases_when: status == 'void'
    event: JobBilled
    map: {client: client, currency: currency, terms: rebate, hint: client.secret}
    lines: {from: rows, to: rows, quantity: pieces, map: {what: what, amount: pieces}}
  trip:
    to: trip
    collective: true
    map: {client: client}
events: {created: JobCreated}
permissions:
  clerk:
    read: not secret
    create: true
    transitions: [agree]
    conversions: [bill]
    fields: {rebate: none}
  manager: {read: true, transitions: "*", conversions: "*"}
  director: {read: true, fields: {number: none, subject: none, status: none, created_at: none}}
---
object: job_row
service: office
fields:
  what:   {type: text}
  pieces: {type: decimal, scale: 1, default: 1, min: 0}
---
object: bill
service: office
numbering:
  pattern: "{company.code}-{year}-{seq:03}"
  scope: [company]
  reset: year
  date: dated
  at: issue
  gapless: true
fields:
  company:  {type: link, to: company}
  client:   {type: link, to: client}
  dated:    {type: date, default: today()}
  currency: {type: currency}
  terms:    {type: percent}
  hint:     {type: text}
  rows:     {type: table, of: bill_row}
workflow:
  initial: draft
  states: {draft: {}, issued: {}, void: {final: true}}
  transitions:
    issue: {from: draft, to: issued, event: BillIssued}
    void: {from: [draft, issued], to: void}
conversions:
  reminder: {to: reminder, map: {bill: id}}
events: {created: BillCreated}
permissions:
  clerk: {read: true, transitions: "*", fields: {terms: none, hint: none}}
  manager:
    {read: true, create: true, update: true, delete: true, transitions: "*", conversions: "*"}
---
object: bill_row
service: office
fields:
  what:   {type: text}
  amount: {type: decimal, scale: 1}
---
object: reminder
service: office
fields:
  bill: {type: link, to: bill}
permissions:
  manager: {read: true}
---
object: trip
service: office
soft_delete: true
fields:
  client: {type: link, to: client}
permissions:
  manager: {read: true, delete: true}
---
object: offer
service: office
fields:
  subject:     {type: text}
  total:       {type: decimal, scale: 2, default: 0}
  valid_until: {type: date}
  reason:      {type: text, max_length: 20}
  note:        {type: text}
  contact:     {type: link, to: client}
  rows:        {type: table, of: offer_row}
checks:
  - {rule: note != 'stuck' or status != 'expired', message: Stuck., field: note}
workflow:
  initial: draft
  states: {draft: {}, submitted: {}, approved: {}, rejected: {}, expired: {final: true}}
  transitions:
    submit: {from: draft, to: submitted}
    approve:
      from: submitted
      to: approved
      event: OfferApproved
      approval_event: OfferApprovalGiven
      four_eyes: true
      approvals:
        - {roles: [manager], when: total > 1000}
        - {roles: [director], count: 2, when: total > 10000}
    reject: {from: submitted, to: rejected, takes: [note, contact], requires: [reason]}
    revise: {from: [rejected, submitted], to: draft}
    waive: {from: submitted, to: approved, four_eyes: true}
    expire:
      from: approved
      to: expired
      at: valid_until + days(1)
      when: total >= 0
      event: OfferExpired
events: {created: OfferCreated, updated: OfferUpdated}
permissions:
  clerk:
    read: true
    create: true
    update: true
    transitions: [submit, revise]
    fields: {note: none}
  manager: {read: true, update: true, transitions: [approve, reject, expire, waive]}
  director: {read: true, transitions: [approve]}
  driver: {read: true, transitions: "*", fields: {total: none}}
---
object: offer_row
service: office
fields:
  what: {type: text}
---
object: lease
service: office
fields:
  ends_at: {type: datetime}
workflow:
  initial: running
  states: {running: {}, ended: {final: true}}
  transitions:
    end: {from: running, to: ended, at: ends_at, roles: [manager], event: LeaseEnded}
permissions: {}
"""


def release() -> Release:
    """The office as a release."""
    loaded = load_documents({"office.yaml": DEFINITIONS})
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    assert [] == [str(one) for one in found]
    return make_release(loaded.definitions)
