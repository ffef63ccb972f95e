"""`objectry test`: scenarios told on a throw-away database, and what is said of one that fails."""

from pathlib import Path

import pytest

from .conftest import Objectry

DESK = """\
service: desk
---
role: agent
---
object: customer
service: desk
fields:
  name: {type: text, required: true, max_length: 20}
permissions:
  agent: {read: true, create: true, update: owner == user.id}
---
object: ticket
service: desk
numbering: {pattern: "T-{seq:03}"}
fields:
  customer: {type: link, to: customer, required: true}
  opened: {type: date, default: today()}
  lines: {type: table, of: ticket_line}
  total: {type: decimal, scale: 2, formula: sum(lines.hours)}
  age: {type: integer, formula: "days_between(opened, today())"}
workflow:
  field: status
  initial: open
  states: {open: {}, done: {final: true}, stale: {final: true}}
  transitions:
    finish: {from: open, to: done, event: TicketDone, when: count(lines) > 0}
    forget: {from: open, to: stale, at: opened + days(30)}
events: {created: TicketCreated}
conversions:
  job: {to: job, map: {subject: number}}
permissions:
  agent: {read: true, create: true, transitions: [finish], conversions: [job]}
---
object: ticket_line
service: desk
fields:
  hours: {type: decimal, scale: 2, required: true}
---
object: job
service: desk
fields: {subject: {type: text}}
permissions:
  agent: {read: true, create: true}
"""
TRUE = """\
---
scenario: a ticket is finished
given:
  - {create: customer, as: acme, values: {name: Acme}}
  - {travel: 2026-03-01}
when:
  - {create: ticket, as: t, by: agent,
     values: {customer: $acme, lines: [{hours: 1.5}, {hours: 2}]}}
  - {do: finish, on: t, by: agent}
  - {do: job, on: t, as: j, by: agent}
  - {create: customer, as: other, values: {name: $t.number}}
  - {update: other, values: {name: $$x}}
  - {rejects: {update: acme, values: {name: X}, by: agent}, code: forbidden}
  - {create: customer, as: own, values: {name: Own}, by: agent}
  - {update: own, values: {name: Mine}, by: agent}
  - {rejects: {update: own, values: {name: His}, by: agent#2}, code: forbidden}
  - {rejects: {update: t, values: {customer: null}}, code: required, field: /customer}
  - {rejects: {do: finish, on: t}, code: transition_refused}
then:
  - {expect: "t.total == 3.50 and count(t.lines) == 2 and sum(t.lines.hours) == t.total"}
  - {expect: "t.customer.name == 'Acme' and t.customer == acme.id"}
  - {expect: "j.subject == t.number and t.number == 'T-001' and other.name == '$x'"}
  - {events: [TicketCreated, TicketDone]}
  - {travel: 2026-03-11}
  - {expect: "t.opened == date(2026, 3, 1) and t.age == 10"}
---
scenario: a ticket is forgotten
given:
  - {create: customer, as: acme, values: {name: Acme}}
  - {create: ticket, as: t, values: {customer: $acme, opened: 2026-01-01}}
when:
  - {travel: 2026-01-30}
  - {expect: "t.status == 'open' and t.number == 'T-001'"}
  - {travel: 2026-02-01}
then:
  - {expect: "t.status == 'stale'"}
"""
GIVEN = "given: [{create: customer, as: c, values: {name: Acme}}]"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    (folder / "objects").mkdir(parents=True)
    return folder


def write(desk: Path, scenarios: str) -> None:
    (desk / "objects" / "desk.yaml").write_text(DESK + scenarios)


def test_scenarios_come_true_each_in_a_world_of_its_own(desk: Path, objectry: Objectry) -> None:
    """Roles, numbers from one, the clock, refusals, events and timers; by name or all."""
    write(desk, TRUE)
    told = objectry("test", "--project", desk)
    lines = [line.split(" (")[0] for line in told.out.splitlines()]
    assert (told.code, lines) == (
        0,
        [
            "ok      a ticket is finished",
            "ok      a ticket is forgotten",
            "2 scenarios: all came true",
        ],
    ), told.out
    one = objectry("test", "--project", desk, "a ticket is forgotten", "--json")
    assert [line.get("scenario") for line in one.lines] == ["a ticket is forgotten", None]
    unknown = objectry("test", "--project", desk, "a ticket")
    assert unknown.code == 2
    assert 'There is no scenario "a ticket".' in unknown.err


@pytest.mark.parametrize(
    ("steps", "report"),
    [
        (
            "then: [{expect: \"c.name == 'Bolt'\"}]",
            "then: expect c.name == 'Bolt'\n"
            "        It doesn't hold: the left side is Acme, the right side Bolt.\n"
            "          c.name = Acme\n",
        ),
        (
            "when: [{create: ticket, as: t, values: {}, by: agent}]",
            "when: create ticket by agent\n"
            "        It was refused: 422 validation_failed; /customer: A value is needed here."
            " (required)\n",
        ),
        (
            "when: [{rejects: {update: c, values: {name: Bolt}}, code: forbidden}]",
            "when: rejects update c\n        It should have been refused, and was done.\n",
        ),
        (
            "when: [{rejects: {update: c, values: {name: null}}, code: max_length}]",
            "when: rejects update c\n"
            "        It was refused otherwise: 422 validation_failed; /name: A value is needed"
            " here. (required)\n",
        ),
        (
            "when: [{rejects: {update: c, values: {name: null}}, field: /other}]",
            "when: rejects update c\n        It was refused, but not for /other: 422",
        ),
        (
            "when: [{create: ticket, as: t, values: {customer: $c}}]\n"
            "then: [{events: [TicketCreated, TicketDone]}]",
            "then: events TicketCreated, TicketDone\n"
            "        TicketDone was not fired (there). Fired since `when` began: TicketCreated.\n",
        ),
    ],
    ids=["expect", "refused", "done", "otherwise", "elsewhere", "events"],
)
def test_a_scenario_that_fails_says_where_and_what_was_found(
    desk: Path, objectry: Objectry, steps: str, report: str
) -> None:
    write(desk, f"---\nscenario: it fails\n{GIVEN}\n{steps}\n")
    told = objectry("test", "--project", desk)
    place = f"{desk}/objects/desk.yaml:{told.out.partition('.yaml:')[2].partition(':')[0]}: "
    assert told.code == 1
    assert told.out.startswith(f"FAILED  it fails\n        {place}{report}"), told.out
    line = (desk / "objects/desk.yaml").read_text().splitlines()[int(place.split(":")[-2]) - 1]
    assert report.split(":")[0] in line


def test_a_machine_reads_the_failure(desk: Path, objectry: Objectry) -> None:
    write(desk, f"---\nscenario: it fails\n{GIVEN}\nthen: [{{expect: c.name is None}}]\n")
    told = objectry("test", "--project", desk, "--json")
    failed, summary = told.lines
    assert failed["passed"] is False
    assert isinstance(failed["line"], int)
    assert failed["failure"] == {
        "place": ["then", 0],
        "step": "expect c.name is None",
        "message": "It doesn't hold: the left side is Acme, the right side null.",
        "values": {"c.name": "Acme"},
    }
    assert isinstance(summary["summary"], dict)
    assert summary["summary"]["failed"] == 1


def test_mistakes_in_definitions_come_first(desk: Path, objectry: Objectry) -> None:
    write(desk, "---\nscenario: no\nwhen: [{create: nothing}]\n")
    told = objectry("test", "--project", desk)
    assert told.code == 1
    assert "1 mistake in" in told.err
