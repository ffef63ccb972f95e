"""The project that `objectry init` writes: two objects, a workflow, two layouts, a role."""

TOML = """\
# Settings: docs/reference/settings.md. Each can be overridden by an OBJECTRY_* variable.

[company]
currency = "EUR"

[tenant]
time_zone = "UTC"
"""

GITIGNORE = """\
# Embedded database, master key, logs
.objectry/
"""

README = """\
# {title}

A business platform declared in YAML, run by Objectry.

    objectry validate                # all mistakes, with file:line:column
    objectry serve                   # http://127.0.0.1:3000, data in .objectry/
    objectry key create me --role admin

With the key:

    curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
         -d '{{"name": "Ada"}}' http://127.0.0.1:3000/api/v1/customers

Change a file under `objects/`, then `objectry plan` and `objectry apply`: the running server takes
the new release up.
"""

CUSTOMER = """\
service: desk
label: Desk
---
role: agent
label: Agent
---
object: customer
service: desk
label: Customer
plural: customers
title: name
fields:
  name:    {type: text, required: true, max_length: 200}
  email:   {type: email}
  country: {type: country}
indexes: [[name]]
permissions:
  agent: {read: true, create: true, update: true}
"""

TICKET = """\
object: ticket
service: desk
label: Ticket
plural: tickets
title: number
numbering: {pattern: "T-{year}-{seq:05}"}
fields:
  customer:  {type: link, to: customer, required: true}
  subject:   {type: text, required: true, max_length: 200}
  priority:  {type: select, options: [low, normal, high], default: "'normal'"}
  opened_on: {type: date, default: today()}
  due_on:    {type: date, default: opened_on + days(7)}
  text:      {type: long_text}
checks:
  - rule: due_on >= opened_on
    message: The due date must not lie before the day the ticket was opened.
workflow:
  field: status
  initial: open
  states: {open: {}, working: {}, done: {final: true}}
  transitions:
    start:  {from: open, to: working}
    finish: {from: working, to: done, event: TicketDone}
events: {created: TicketCreated, updated: TicketUpdated}
permissions:
  agent: {read: true, create: true, update: status != 'done', transitions: [start, finish]}
"""

LAYOUTS = """\
layout: ticket.list
object: ticket
kind: list
columns: [number, customer, subject, priority, status, due_on]
sort: -opened_on
---
layout: ticket.form
object: ticket
kind: form
sections:
  - {label: Ticket, columns: 2, fields: [customer, subject, priority, opened_on, due_on]}
  - {label: Text, fields: [text]}
"""


def starter_files(title: str) -> dict[str, str]:
    """Path → content of a new project."""
    return {
        "objectry.toml": TOML,
        ".gitignore": GITIGNORE,
        "README.md": README.format(title=title),
        "objects/desk/customer.yaml": CUSTOMER,
        "objects/desk/ticket.yaml": TICKET,
        "layouts/desk/ticket.yaml": LAYOUTS,
    }
