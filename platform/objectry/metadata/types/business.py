"""Numbers that business partners go by: accounts, tax ids, phones; and colours."""

from objectry.metadata.types.code import Coded
from objectry.values.ibans import parse_iban
from objectry.values.patterns import COLOR, IBAN, PHONE, VAT_ID
from objectry.values.phones import parse_phone
from objectry.values.vat_ids import parse_vat_id


class Iban(Coded):
    """A bank account."""

    name = "iban"
    summary = "A bank account (IBAN); its check digits are looked at."
    widget = "iban"
    maskable = True
    noun = "IBAN"
    says = "An IBAN is written DE89 3704 0044 0532 0130 00; its check digits must be right."
    pattern = IBAN
    examples = ("DE89370400440532013000", "NO9386011117947")
    mistakes = ("DE89370400440532013001", "DE8937040044053201300", "XX00", 5)

    def parse(self, text: str) -> str | None:
        """Capitals without spaces."""
        return parse_iban(text)


class VatId(Coded):
    """A tax number for trade within Europe."""

    name = "vat_id"
    summary = (
        "A VAT id of an EU country, GB, CH or NO; forms and simple check digits are looked at."
    )
    widget = "vat_id"
    maskable = True
    noun = "VAT id"
    says = "A VAT id begins with the country, as DE136695976; its check digit must be right."
    pattern = VAT_ID
    examples = ("DE136695976", "ATU13585627", "FR40303265045")
    mistakes = ("136695976", "DE136695977", "US12345678", 5)

    def parse(self, text: str) -> str | None:
        """Capitals, nothing between."""
        return parse_vat_id(text)


class Phone(Coded):
    """A phone number with its country."""

    name = "phone"
    summary = "A phone number with its country's code, kept as E.164."
    widget = "phone"
    maskable = True
    noun = "phone number"
    says = "A phone number begins with + and the country's code, as +49 30 1234567."
    pattern = PHONE
    examples = ("+49301234567", "+14155552671")
    mistakes = ("030 1234567", "+999 123456", "+49 30 1234567 ext. 5", 49)

    def parse(self, text: str) -> str | None:
        """As E.164 writes it."""
        return parse_phone(text)


class Color(Coded):
    """A colour."""

    name = "color"
    summary = "A colour: #rrggbb."
    widget = "color"
    noun = "colour"
    says = "A colour is written #rrggbb in hexadecimal digits, as #ff8800."
    pattern = COLOR
    examples = ("#ff8800",)
    mistakes = ("red", "#f80", "#ff88001", "ff8800", 5)

    def parse(self, text: str) -> str | None:
        """In small letters."""
        digits = text.removeprefix("#")
        if len(text) != 7 or len(digits) != 6 or not set(digits) <= _HEX:
            return None
        return text.lower()


_HEX = frozenset("0123456789abcdefABCDEF")
