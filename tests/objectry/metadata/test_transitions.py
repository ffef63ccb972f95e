"""What is wrong with approvals, moments and taken fields is told at its place."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents

OFFER = """
service: offers
---
role: boss
---
object: offer
service: offers
fields:
  due:   {type: date}
  total: {type: decimal}
  twice: {type: decimal, formula: total * 2}
  fixed: {type: text, immutable: true}
  seen:  {type: text, read_only: true}
  lines: {type: table, of: offer_line}
workflow:
  initial: draft
  states: [draft, sent]
  transitions:
    send: {from: draft, to: sent, KEYS}
---
object: offer_line
service: offers
fields: {what: {type: text}}
"""


def told(keys: str) -> list[tuple[str, str]]:
    loaded = load_documents({"offer.yaml": OFFER.replace("KEYS", keys)})
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    return [(one.code, one.path.removeprefix("workflow.transitions.send.")) for one in found]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("approvals: [{roles: [boss]}, {roles: admin, count: 2, when: total > 5}]", []),
        ("approvals: [{roles: [bos]}]", [("OBJ0313", "approvals[0].roles[0]")]),
        ("approvals: [{roles: [boss], when: totl > 5}]", [("OBJ0404", "approvals[0].when")]),
        ("approvals: [{roles: [boss], when: total}]", [("OBJ0412", "approvals[0].when")]),
        ("approvals: [{roles: [boss], count: 0}]", [("OBJ0207", "approvals[0].count")]),
        ("approvals: [{count: 2}]", [("OBJ0204", "approvals[0].roles")]),
        ("at: due", []),
        ("at: due + days(1), when: total > 0, takes: total", []),
        ("at: total", [("OBJ0412", "at")]),
        ("at: user.name", [("OBJ0404", "at")]),
        ("takes: [total, due], requires: total", []),
        ("takes: [nothing]", [("OBJ0312", "takes[0]")]),
        ("takes: [twice]", [("OBJ0326", "takes[0]")]),
        ("requires: [lines, fixed]", [("OBJ0326", "requires[0]"), ("OBJ0326", "requires[1]")]),
        ("takes: [status, owner]", [("OBJ0326", "takes[0]"), ("OBJ0326", "takes[1]")]),
        ("takes: seen", [("OBJ0326", "takes[0]")]),
        ("at: due, requires: total", [("OBJ0360", "requires")]),
        ("at: due, approvals: [{roles: [boss]}]", [("OBJ0360", "approvals")]),
        ("takes: total, approvals: [{roles: [boss]}]", [("OBJ0360", "takes")]),
        ("approval_event: approved", [("OBJ0355", "approval_event")]),
    ],
)
def test_every_mistake_is_told_at_its_place(keys: str, expected: list[tuple[str, str]]) -> None:
    assert expected == told(keys)
