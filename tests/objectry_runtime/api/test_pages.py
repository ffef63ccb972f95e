"""Pages as metadata serves them: each caller sees what is built on fields that exist for them."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.store.database import Database

from .conftest import Desk, problem

pytestmark = pytest.mark.anyio

PAGES = """\
service: desk
---
role: agent
---
role: manager
---
object: customer
service: desk
title: name
fields:
  name: {type: text}
  credit: {type: decimal, scale: 2}
  rating: {type: select, options: [good, bad]}
permissions:
  agent: {read: true, fields: {credit: none, rating: mask}}
---
object: ticket
service: desk
title: subject
fields:
  subject: {type: text}
  customer: {type: link, to: customer}
  opened: {type: date}
  due: {type: date}
  cost: {type: decimal, scale: 2}
workflow:
  field: status
  initial: open
  states: {open: {}, done: {final: true}}
  transitions: {finish: {from: open, to: done}}
permissions:
  agent: {read: true, fields: {due: none, cost: none}}
---
object: secret
service: desk
fields: {name: {type: text}}
permissions: {}
---
layout: customer.ratings
object: customer
kind: kanban
field: rating
columns: [name]
---
layout: ticket.board
object: ticket
kind: kanban
field: status
columns: [subject, customer.name, customer.credit]
sort: -due
---
layout: ticket.opened
object: ticket
kind: calendar
start: opened
end: due
columns: [subject]
---
layout: ticket.due
object: ticket
kind: calendar
start: due
---
layout: secret.list
object: secret
kind: list
columns: [name]
---
report: tickets
label: Tickets
object: ticket
parameters:
  since: {type: date, default: today(), label: Since}
where: opened >= since
columns: [subject, cost]
groups: [customer.name, {field: opened, by: month}]
totals: {cost: sum, id: count}
sort: [-due, subject]
chart: {kind: bar, group: customer.name, total: cost}
---
report: dear_tickets
object: ticket
where: cost > 100
totals: {id: count}
---
report: ratings
object: ticket
groups: [customer.rating]
totals: {id: count}
---
report: due
object: ticket
columns: [due]
---
report: of_managers
object: ticket
columns: [subject]
roles: [manager]
---
dashboard: desk
label: Desk
tiles:
  - {kind: number, report: tickets, parameters: {since: "date(2026, 1, 1)"}}
  - {kind: number, report: tickets, total: id}
  - {kind: chart, report: tickets}
  - {kind: list, report: tickets, width: 12}
  - {kind: list, report: due}
---
dashboard: hidden
tiles: [{kind: number, report: dear_tickets}]
---
dashboard: managers
tiles: [{kind: list, report: tickets}]
roles: [manager]
"""


@pytest.fixture
def published(database: Database) -> Database:
    loaded = load_documents({"desk.yaml": PAGES})
    assert [*loaded.findings, *check(loaded.definitions, loaded.sources)] == []
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def test_a_board_shows_only_what_the_caller_may_read_also_behind_a_link(desk: Desk) -> None:
    """Its order is dropped where the field it is by is hidden."""
    whole = (await desk.admin.get("/api/v1/meta/layouts/ticket.board")).json()
    seen = (await desk.agent.get("/api/v1/meta/layouts/ticket.board")).json()
    assert (whole["field"], whole["sort"]) == ("status", "-due")
    assert whole["columns"] == ["subject", "customer.name", "customer.credit"]
    assert (seen["field"], seen["columns"]) == ("status", ["subject", "customer.name"])
    assert "sort" not in seen


async def test_a_calendar_loses_its_hidden_end(desk: Desk) -> None:
    """Without it a record is shown at its start."""
    whole = (await desk.admin.get("/api/v1/meta/layouts/ticket.opened")).json()
    seen = (await desk.agent.get("/api/v1/meta/layouts/ticket.opened")).json()
    assert (whole["start"], whole["end"]) == ("opened", "due")
    assert (seen["start"], "end" in seen) == ("opened", False)


@pytest.mark.parametrize("name", ["customer.ratings", "ticket.due", "secret.list"])
async def test_a_page_built_on_what_is_hidden_does_not_exist(desk: Desk, name: str) -> None:
    """A masked field can't be grouped by either: the columns would tell its values."""
    refused = problem(await desk.agent.get(f"/api/v1/meta/layouts/{name}"))
    unknown = problem(await desk.agent.get("/api/v1/meta/layouts/none.such"))
    listed = (await desk.agent.get("/api/v1/meta/layouts")).json()["data"]
    assert (await desk.admin.get(f"/api/v1/meta/layouts/{name}")).status_code == 200
    assert (refused["status"], refused["code"]) == (unknown["status"], unknown["code"])
    assert [one["layout"] for one in listed] == ["ticket.board", "ticket.opened"]


async def test_a_report_leaves_out_what_is_hidden(desk: Desk) -> None:
    """Columns, totals and orders go, and a chart goes with its total."""
    whole = (await desk.admin.get("/api/v1/meta/reports/tickets")).json()
    seen = (await desk.agent.get("/api/v1/meta/reports/tickets")).json()
    assert whole["totals"] == {"cost": "sum", "id": "count"}
    assert (whole["chart"]["kind"], whole["chart"]["total"]) == ("bar", "cost")
    assert (seen["columns"], seen["totals"]) == (["subject"], {"id": "count"})
    assert (seen["sort"], "chart" in seen) == (["subject"], False)
    assert seen["groups"] == [{"field": "customer.name"}, {"field": "opened", "by": "month"}]


async def test_expressions_of_a_report_are_for_administrators(desk: Desk) -> None:
    """Everybody else learns what may be chosen, not how records are found."""
    whole = (await desk.admin.get("/api/v1/meta/reports/tickets")).json()
    seen = (await desk.agent.get("/api/v1/meta/reports/tickets")).json()
    assert whole["where"] == "opened >= since"
    assert whole["parameters"]["since"]["default"] == "today()"
    assert "where" not in seen
    assert seen["parameters"] == {"since": {"name": "since", "type": "date", "label": "Since"}}


@pytest.mark.parametrize("name", ["dear_tickets", "ratings", "due", "of_managers"])
async def test_a_report_that_would_tell_what_is_hidden_does_not_exist(
    desk: Desk, name: str
) -> None:
    """Chosen by it, grouped by it, of nothing else, or for other roles."""
    refused = problem(await desk.agent.get(f"/api/v1/meta/reports/{name}"))
    unknown = problem(await desk.agent.get("/api/v1/meta/reports/none_such"))
    listed = (await desk.agent.get("/api/v1/meta/reports")).json()["data"]
    assert (await desk.admin.get(f"/api/v1/meta/reports/{name}")).status_code == 200
    assert (refused["status"], refused["code"]) == (unknown["status"], unknown["code"])
    assert [one["report"] for one in listed] == ["tickets"]


async def test_a_dashboard_shows_only_tiles_of_what_the_caller_may_read(desk: Desk) -> None:
    """A tile goes with its report, its total, its chart; expressions are for administrators."""
    whole = (await desk.admin.get("/api/v1/meta/dashboards/desk")).json()
    seen = (await desk.agent.get("/api/v1/meta/dashboards/desk")).json()
    assert [one["kind"] for one in whole["tiles"]] == ["number", "number", "chart", "list", "list"]
    assert whole["tiles"][0]["parameters"] == {"since": "date(2026, 1, 1)"}
    assert seen == {
        "name": "desk",
        "label": "Desk",
        "tiles": [
            {"kind": "number", "report": "tickets", "total": "id"},
            {"kind": "list", "report": "tickets", "width": 12},
        ],
    }


@pytest.mark.parametrize("name", ["hidden", "managers"])
async def test_a_dashboard_without_a_tile_or_for_others_does_not_exist(
    desk: Desk, name: str
) -> None:
    """It is as unknown as one that nobody declared."""
    refused = problem(await desk.agent.get(f"/api/v1/meta/dashboards/{name}"))
    listed = (await desk.agent.get("/api/v1/meta/dashboards")).json()["data"]
    assert (await desk.admin.get(f"/api/v1/meta/dashboards/{name}")).status_code == 200
    assert (refused["status"], refused["code"]) == (404, "not_found")
    assert [one["dashboard"] for one in listed] == ["desk"]
