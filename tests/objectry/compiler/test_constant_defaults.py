"""What rows that are there get in a new column is written as every stored value is."""

from decimal import Decimal

import pytest

from objectry.compiler.tables import compile_tables
from objectry.metadata.loader import load_documents
from objectry.registry import StorageMap, allocate, make_release


@pytest.mark.parametrize(
    ("field", "constant"),
    [
        ("{type: integer, default: 5}", 5),
        ("{type: decimal, scale: 3, default: 5}", Decimal("5.000")),
        ("{type: money, currency: JPY, default: 5}", Decimal("5")),
        ("{type: money, default: 5}", Decimal("5.00")),
        ("{type: money, default: 0.125}", Decimal("0.125")),
        ("{type: text, default: name}", None),
    ],
)
def test_a_constant_default_has_the_places_of_its_field(
    field: str, constant: int | Decimal | None
) -> None:
    text = (
        f"service: s\n---\nobject: o\nservice: s\nfields:\n  name: {{type: text}}\n  f: {field}\n"
    )
    model = make_release(load_documents({"a.yaml": text}).definitions).model()
    column = compile_tables(model, allocate(StorageMap(), model)).tables["s.o"].columns["f"]
    assert repr(constant) == repr(column.info["constant"])
