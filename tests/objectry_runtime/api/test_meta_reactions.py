"""Notifications, automations, scenarios and printed pages: metadata tells who may know of them."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.reports.template_checker import JinjaTemplates
from objectry_runtime.store.database import Database

from .conftest import Desk, problem

pytestmark = pytest.mark.anyio

PROJECT = """\
service: desk
---
role: agent
---
object: ticket
service: desk
title: subject
fields:
  subject: {type: text}
  cost: {type: decimal, scale: 2}
  sender: {type: email}
workflow:
  field: status
  initial: open
  states: {open: {}, done: {final: true}}
  transitions: {finish: {from: open, to: done, event: TicketDone}}
events: {created: TicketCreated, updated: TicketUpdated}
permissions:
  agent: {read: true, print: true, fields: {cost: none}}
---
object: note
service: desk
fields: {text: {type: text}}
permissions:
  agent: {read: true}
---
object: secret
service: desk
fields: {text: {type: text}}
events: {created: SecretCreated}
permissions: {}
---
layout: ticket.letter
object: ticket
kind: print
body: "<p>{{ record.subject }} {{ record.cost }}</p>"
---
layout: note.paper
object: note
kind: print
body: "<p>{{ record.text }}</p>"
---
layout: ticket.web
object: ticket
kind: public_form
fields: [subject, cost]
values: {sender: "'web@example.com'"}
message: Thank you.
---
notification: done
label: A ticket is done
object: ticket
on: TicketDone
channel: email
to: [sender]
subject: "{{ record.subject }} is done"
body: Its cost is {{ record.cost }}.
when: status == 'done' and old.status != 'done'
---
notification: dear
object: ticket
on: TicketCreated
channel: in_app
to: owner
when: cost > 100
body: Dear.
---
notification: dearer
object: ticket
on: {changed: [subject, cost]}
channel: in_app
to: owner
body: Dearer.
---
notification: secret
object: secret
on: SecretCreated
channel: in_app
to: owner
body: Psst.
---
automation: tidy
object: ticket
on: {schedule: "0 7 * * *"}
when: status == 'open' and cost is None
do: [{set: {cost: 0}}, {transition: finish}, {notify: done}]
---
scenario: a ticket is done once
given: [{create: ticket, as: ticket, values: {subject: Help, cost: 12.50}}]
when:
  - {do: finish, on: ticket}
  - {rejects: {do: finish, on: ticket}, code: transition_refused}
then: [{expect: ticket.status == 'done'}]
"""


@pytest.fixture
def published(database: Database) -> Database:
    loaded = load_documents({"desk.yaml": PROJECT})
    found = check(loaded.definitions, loaded.sources, templates=JinjaTemplates())
    assert [*loaded.findings, *found] == []
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def test_who_may_not_print_knows_of_no_printed_page(desk: Desk) -> None:
    """What it prints of a record is another question; the template is for administrators."""
    whole = (await desk.admin.get("/api/v1/meta/layouts/ticket.letter")).json()
    seen = (await desk.agent.get("/api/v1/meta/layouts/ticket.letter")).json()
    refused = problem(await desk.agent.get("/api/v1/meta/layouts/note.paper"))
    assert whole["body"] == "<p>{{ record.subject }} {{ record.cost }}</p>"
    assert (seen["kind"], "body" in seen) == ("print", False)
    assert (refused["status"], refused["code"]) == (404, "not_found")
    assert (await desk.admin.get("/api/v1/meta/layouts/note.paper")).status_code == 200


async def test_a_public_form_tells_no_hidden_field_and_no_expression(desk: Desk) -> None:
    """Its message is for everybody."""
    whole = (await desk.admin.get("/api/v1/meta/layouts/ticket.web")).json()
    seen = (await desk.agent.get("/api/v1/meta/layouts/ticket.web")).json()
    assert (whole["fields"], whole["values"]) == (
        ["subject", "cost"],
        {"sender": "'web@example.com'"},
    )
    assert (seen["fields"], "values" in seen, seen["message"]) == (["subject"], False, "Thank you.")


async def test_a_notification_tells_only_administrators_what_it_says_to_whom(desk: Desk) -> None:
    """Everybody else learns that there is one, to choose by."""
    whole = (await desk.admin.get("/api/v1/meta/notifications/done")).json()
    seen = (await desk.agent.get("/api/v1/meta/notifications/done")).json()
    assert whole["to"] == [{"address": "sender"}]
    assert whole["when"] == "status == 'done' and old.status != 'done'"
    assert seen == {
        "name": "done",
        "label": "A ticket is done",
        "object": "ticket",
        "on": {"event": "TicketDone"},
        "channel": "email",
    }


@pytest.mark.parametrize("name", ["dear", "dearer", "secret"])
async def test_a_notification_of_what_is_hidden_does_not_exist(desk: Desk, name: str) -> None:
    """Sent for it, when it changes, or about an object that is not the caller's."""
    refused = problem(await desk.agent.get(f"/api/v1/meta/notifications/{name}"))
    unknown = problem(await desk.agent.get("/api/v1/meta/notifications/none_such"))
    listed = (await desk.agent.get("/api/v1/meta/notifications")).json()["data"]
    assert (await desk.admin.get(f"/api/v1/meta/notifications/{name}")).status_code == 200
    assert (refused["status"], refused["code"]) == (unknown["status"], unknown["code"])
    assert [one["notification"] for one in listed] == ["done"]


@pytest.mark.parametrize(
    ("kind", "name"), [("automation", "tidy"), ("scenario", "a ticket is done once")]
)
async def test_automations_and_scenarios_are_for_administrators(
    desk: Desk, kind: str, name: str
) -> None:
    """They say how the business works."""
    path = f"/api/v1/meta/{kind}s"
    listed = (await desk.admin.get(path)).json()["data"]
    shown = (await desk.admin.get(f"{path}/{name}")).json()
    refused = problem(await desk.agent.get(f"{path}/{name}"))
    unknown = problem(await desk.agent.get(f"{path}/none"))
    assert [one[kind] for one in listed] == [name]
    assert shown["name"] == name
    assert (await desk.agent.get(path)).json() == {"data": []}
    assert (refused["status"], refused["code"]) == (unknown["status"], unknown["code"])
    assert refused["status"] == 404


async def test_a_scenario_is_told_as_it_was_written(desk: Desk) -> None:
    """Amounts are texts, as in every body."""
    shown = (await desk.admin.get("/api/v1/meta/scenarios/a ticket is done once")).json()
    assert shown["given"] == [
        {
            "action": "create",
            "target": "ticket",
            "alias": "ticket",
            "values": {"subject": "Help", "cost": "12.50"},
        }
    ]
