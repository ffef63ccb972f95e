"""Every code means what `objectry explain` says: its wrong example raises it, its right one not."""

import pytest

from objectry.findings import CODES
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Catalog, ComputedFact
from objectry_runtime.reports.template_checker import JinjaTemplates

AROUND = """
service: offers
---
role: sales
---
object: customer
service: offers
fields: {name: {type: text}, country: {type: country}}
"""
CATALOG = Catalog(
    computed={
        "score": ComputedFact(plugin="shop", name="score"),
        "tax": ComputedFact(plugin="tax", name="tax", reads=("net",)),
    }
)

TEMPLATES = JinjaTemplates()

# Their examples are no YAML text: a whole file's size or encoding.
ABOUT_FILES = {"OBJ0105", "OBJ0108"}
ABOUT_PACKAGES = {"OBJ0614"}  # an example would be two projects
OURS = sorted(
    number
    for number in CODES
    if number[:5] in ("OBJ01", "OBJ02", "OBJ03", "OBJ05", "OBJ06", "OBJ07")
    and number not in ABOUT_FILES | ABOUT_PACKAGES
)


def codes_of(text: str) -> set[str]:
    loaded = load_documents({"example.yaml": text, "around.yaml": AROUND})
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources, CATALOG, TEMPLATES)]
    return {finding.code for finding in found}


@pytest.mark.parametrize("number", OURS)
def test_the_wrong_example_raises_the_code_and_nothing_else(number: str) -> None:
    assert {number} == codes_of(CODES[number].wrong)


@pytest.mark.parametrize("number", OURS)
def test_the_right_example_raises_nothing(number: str) -> None:
    assert set() == codes_of(CODES[number].right)


def test_every_code_is_explained() -> None:
    assert [] == [c.code for c in CODES.values() if not (c.title and c.explanation)]
