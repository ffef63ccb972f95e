"""A plugin that brings field types, as somebody else would write one: securities and lamps."""

from decimal import Decimal
from typing import ClassVar

from objectry.sdk import Plugin
from objectry.sdk.types import (
    Coded,
    Composite,
    Currency,
    DecimalNumber,
    Reader,
    Refused,
    Schema,
    Use,
    WholeNumber,
)


class Isin(Coded):
    """A security, by its number: a text with a check digit."""

    name = "isin"
    summary = "A security by its ISIN (ISO 6166)."
    widget = "input"
    noun = "ISIN"
    says = "An ISIN has two letters, nine characters and a check digit, as US0378331005."
    pattern = "^[A-Za-z]{2}[A-Za-z0-9]{9}[0-9]$"
    examples: ClassVar[tuple[object, ...]] = ("US0378331005",)
    mistakes = ("US0378331006", "037833100", 5)

    def parse(self, text: str) -> str | None:
        """In capitals, where the check digit is right."""
        code = text.upper()
        if len(code) != 12 or not code.isalnum() or not code.isascii():
            return None
        digits = "".join(str(int(character, 36)) for character in code)
        doubled = (int(d) * (2 if at % 2 else 1) for at, d in enumerate(reversed(digits)))
        return code if sum(sum(divmod(n, 10)) for n in doubled) % 10 == 0 else None


class ColourTemperature(WholeNumber):
    """A whole number of Kelvin within what lamps have."""

    name = "colour_temperature"
    summary = "The colour of white light, in Kelvin."
    widget = "slider"
    examples = (2_700,)
    mistakes = (500, "2700", Decimal("2700.5"))

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Between candle and sky."""
        return {**super().write_schema(use, required=required), "minimum": 1_000, "maximum": 40_000}

    def reader(self, use: Use) -> Reader:
        """Reads Kelvin."""
        number = super().reader(use)

        def read(value: object) -> Decimal:
            kelvin = number(value)
            assert isinstance(kelvin, Decimal)
            if not 1_000 <= kelvin <= 40_000:
                raise Refused("kelvin", "Light has between 1000 and 40000 Kelvin.")
            return kelvin

        return read


class Quote(Composite):
    """What a security costs somewhere: a value of two parts."""

    name = "quote"
    summary = "A price and its currency."
    widget = "quote"
    parts = {"price": DecimalNumber(), "currency": Currency()}  # noqa: RUF012  # as a class says it
    examples = ({"price": "12.500000", "currency": "EUR"},)
    mistakes = ({"price": "much"}, "12")


plugin = Plugin("securities", types=[Isin(), ColourTemperature(), Quote()])

DOCUMENT = """\
service: desk
label: Desk
---
role: agent
label: Agent
---
object: holding
service: desk
label: Holding
plural: holdings
fields:
  security: {type: isin, required: true, unique: true}
  light: {type: colour_temperature, min: 2000, default: "2700"}
  quote: {type: quote}
  warm: {type: boolean, formula: light < 3000}
  american: {type: boolean, formula: "startswith(security, 'US')"}
  costly: {type: boolean, formula: quote.price > 10}
permissions:
  agent: {read: true, create: true, update: true}
"""
