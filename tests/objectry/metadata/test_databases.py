"""What is read across databases must be kept where it is read."""

import pytest

from objectry.findings import Finding
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents

TWO = """
service: people
database: people
---
service: sales
database: sales
---
object: group
service: people
plural: groups
fields: {name: {type: text}, discount: {type: percent}}
---
object: customer
service: people
plural: customers
title: name
numbering: {pattern: "C-{seq}"}
fields:
  name: {type: text}
  days: {type: integer}
  group: {type: link, to: group}
  age: {type: integer, formula: "days_between(born, today())"}
  born: {type: date}
---
object: order
service: sales
plural: orders
fields:
  customer: {type: link, to: customer%s}
  days: {type: integer, default: %s}
"""


def findings(link: str, default: str, database: str = "sales") -> list[Finding]:
    text = (TWO % (link, default)).replace("database: sales", f"database: {database}")
    loaded = load_documents({"objects/two.yaml": text})
    assert not loaded.findings
    return [one for one in check(loaded.definitions, loaded.sources) if one.code[:5] == "OBJ07"]


def test_a_field_behind_a_link_to_another_database_is_replicated() -> None:
    """Else it is a mistake that says what to write; in one database nothing needs saying."""
    [found] = findings("", "customer.days")
    assert found.code == "OBJ0701"
    assert found.hint == "add `replicate: [days]` to `order.customer`"
    assert findings(", replicate: [days]", "customer.days") == []
    assert findings("", "customer.days", database="people") == []


@pytest.mark.parametrize("shown", ["name", "number"])
def test_what_a_link_shows_is_kept_anyway(shown: str) -> None:
    """The title and the number need no word."""
    assert findings("", f"1 if customer.{shown} is not None else 2") == []


def test_two_links_away() -> None:
    """Each field on the way is kept, and what lies behind is told by a link of this database."""
    [first] = findings("", "customer.group.discount // 1")
    assert first.hint == "add `replicate: [group]` to `order.customer`"
    [second] = findings(", replicate: [group]", "customer.group.discount // 1")
    assert second.hint == "add `replicate: [group.discount]` to `order.customer`"
    assert findings(", replicate: [group.discount]", "customer.group.discount // 1") == []


@pytest.mark.parametrize("name", ["nam", "age", "group.nam", "name.x"])
def test_only_stored_fields_can_be_kept(name: str) -> None:
    """A field that isn't there and a live one are told where `replicate` names them."""
    [found] = findings(f", replicate: [{name}]", "1")
    assert (found.code, found.position and found.position.line) == ("OBJ0702", 29)
