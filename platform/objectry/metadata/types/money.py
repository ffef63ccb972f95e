"""Money: in the currency of the record, or with one of its own."""

from objectry.metadata.types.composite import OwnMoney
from objectry.metadata.types.field_type import FieldType
from objectry.metadata.types.number import DecimalNumber
from objectry.metadata.types.use import Options

OWN = "own"
_WITH_CURRENCY = OwnMoney()


class Money(DecimalNumber):
    """An amount in a currency, with that currency's places."""

    name = "money"
    summary = (
        "An exact amount in the record's currency; with `currency: own` "
        '`{"amount": "12.00", "currency": "EUR"}`.'
    )
    widget = "money"
    keys = DecimalNumber.keys | {"currency"}
    scale = None
    priced = True
    examples = ("119.00",)
    mistakes = ("119,00", "1.23456", True)

    def variant(self, options: Options) -> FieldType:
        """With a currency of its own an amount is a value of two parts."""
        return _WITH_CURRENCY if options.currency == OWN else self
