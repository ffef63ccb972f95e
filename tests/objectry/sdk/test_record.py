"""What a plugin's function sees of a record."""

from decimal import Decimal

import pytest

from objectry.sdk import Record

ORDER = Record(
    {
        "net_total": Decimal("30.00"),
        "customer": {"country": "DE"},
        "lines": [{"quantity": Decimal(1)}, {"quantity": Decimal(2)}],
    },
    "order",
)


def test_fields_are_attributes_and_tables_are_records() -> None:
    """Plain values, what lies behind a link, and the rows of a table field."""
    seen = (ORDER.net_total, ORDER.customer.country, [line.quantity for line in ORDER.lines])
    assert (Decimal("30.00"), "DE", [Decimal(1), Decimal(2)]) == seen


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (
            lambda: ORDER.gross_total,
            "order has no 'gross_total' here: the fields declared in `reads` are"
            " net_total, customer, lines",
        ),
        (
            lambda: ORDER.lines[0].unit_price,
            "order.lines has no 'unit_price' here: the fields declared in `reads` are quantity",
        ),
        (
            lambda: Record({}).anything,
            "record has no 'anything' here: the fields declared in `reads` are none",
        ),
    ],
)
def test_an_undeclared_field_says_which_are_declared(read: object, message: str) -> None:
    """The author sees at once what to add to `reads`."""
    assert callable(read)
    with pytest.raises(AttributeError) as raised:
        read()
    assert message == str(raised.value)


def test_a_record_can_not_be_changed() -> None:
    """Neither a field, nor a new attribute, nor the rows."""
    with pytest.raises(AttributeError, match="order is read-only: 'net_total' can't be set"):
        ORDER.net_total = Decimal(0)
    with pytest.raises(AttributeError, match="order is read-only: 'net_total' can't be removed"):
        del ORDER.net_total
    assert isinstance(ORDER.lines, tuple)


def test_the_values_given_are_not_shared() -> None:
    """What the engine does with its own dict later does not reach the plugin."""
    values: dict[str, object] = {"amount": Decimal(1)}
    record = Record(values)
    values["amount"] = Decimal(2)
    assert Decimal(1) == record.amount


def test_records_compare_by_value_and_show_their_values() -> None:
    """So that a test can assert on the whole record."""
    assert Record({"country": "DE"}) == ORDER.customer
    assert "Record(country='DE')" == repr(ORDER.customer)
