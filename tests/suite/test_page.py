"""The page about the suite lists what is declared: services, objects, events.

`OBJECTRY_UPDATE_DOCS=1 pytest tests/suite/test_page.py` writes the table anew.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from objectry.metadata.loader import load_tree
from objectry.metadata.model import Definitions, ObjectDef

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "suite.md"
TABLE = re.compile(r"(<!-- begin services -->\n).*?(<!-- end services -->)", re.DOTALL)


def table(definitions: Definitions) -> str:
    """A row for each service, by its port."""
    rows = ["| service | port | objects | events |", "| --- | --- | --- | --- |"]
    for service in sorted(definitions.services.values(), key=lambda one: one.port):
        objects = [one for one in definitions.objects.values() if one.service == service.name]
        lines = {field.of for one in objects for field in one.fields.values() if field.of}
        names = [named(one) for one in objects if one.name not in lines]
        told = dict.fromkeys(event for one in objects for event in events(one))
        cells = (service.name, str(service.port), ", ".join(names), " ".join(map(code, told)))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def named(definition: ObjectDef) -> str:
    rows = [code(field.of) for field in definition.fields.values() if field.of]
    return code(definition.name) + (f" ({', '.join(rows)})" if rows else "")


def events(definition: ObjectDef) -> Iterator[str]:
    yield from definition.events.values()
    transitions = definition.workflow.transitions.values() if definition.workflow else ()
    for one in (*transitions, *definition.conversions.values()):
        if one.event:
            yield one.event


def code(text: str) -> str:
    return f"`{text}`"


def test_the_page_lists_what_is_declared() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = table(load_tree(ROOT).definitions)
    wanted = TABLE.sub(lambda match: f"{match[1]}{found}{match[2]}", text)
    assert wanted.count(found) == 1
    if os.environ.get("OBJECTRY_UPDATE_DOCS") == "1":
        PAGE.write_text(wanted, encoding="utf-8")
    assert wanted == PAGE.read_text(encoding="utf-8")
