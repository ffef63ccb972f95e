"""Values of several parts that are one field: addresses, names of people, money of its own."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

from objectry.expressions.types import Kind
from objectry.metadata.types.code import Country, Currency
from objectry.metadata.types.field_type import FieldType, Reader
from objectry.metadata.types.number import DecimalNumber
from objectry.metadata.types.part import PartOptions
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.storage import StorageClass
from objectry.metadata.types.text import Text
from objectry.metadata.types.use import Reference, Rule, Schema, Use
from objectry.values.currencies import minor_units
from objectry.values.documents import Document, Json, is_mapping
from objectry.values.numbers import quantise

PART_MAX = 200


class Composite(FieldType):
    """A JSON object of known parts. A part is read, asked for and compared as its own type is."""

    storage = StorageClass.JSONB
    kind = Kind.COMPOSITE
    operators = ("isnull",)
    sortable = False
    refuses = frozenset({"unique", "default", "computed"})

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """The parts that have a value."""
        shown = {
            name: part.read_schema(self.part_use(name, use), reference)
            for name, part in self.parts.items()
        }
        return {"type": "object", "properties": shown}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """The parts; null takes one out."""
        written: Schema = {}
        for name, part in self.parts.items():
            schema = part.write_schema(self.part_use(name, use), required=False)
            declared: str | list[str] = schema["type"]
            types = [declared] if isinstance(declared, str) else declared
            written[name] = {**schema, "type": [*types, "null"]}
        whole: Schema = {"type": "object", "properties": written, "additionalProperties": False}
        return {**whole, "minProperties": 1} if required else whole

    def reader(self, use: Use) -> Reader:
        """Reads the parts; what is wrong with them is told at their places."""
        readers = {n: part.reader(self.part_use(n, use)) for n, part in self.parts.items()}

        def read(value: object) -> Document:
            if not is_mapping(value):
                raise Refused("type", f"Expected an object, got {named(value)}.")
            found: dict[str, Json] = {}
            wrong: list[tuple[str, Refused]] = []
            for name, given in value.items():
                reader = readers.get(name)
                if reader is None:
                    known = f"There is no such part, only {', '.join(readers)}."
                    wrong.append((name, Refused("unknown_field", known)))
                    continue
                try:
                    found[name] = None if given in (None, "") else _written(reader(given))
                except Refused as refused:
                    wrong.append((name, refused))
            if wrong:
                raise Refused.within(wrong)
            return Document(found)

        return read

    def settle(self, document: Document) -> Document:
        """The parts that have a value."""
        assert isinstance(document.json, Mapping), "a composite is an object"
        return Document({name: part for name, part in document.json.items() if part is not None})

    def part_use(self, name: str, use: Use) -> Use:
        """A part as its own type sees it."""
        del use
        part = self.parts[name]
        longest = PART_MAX if isinstance(part, Text) else None
        return Use(options=PartOptions(max_length=longest), scale=part.scale)

    def rules(self, use: Use, column: str) -> Iterator[Rule]:
        """It is an object."""
        del use
        yield Rule("object", f"jsonb_typeof(\"{column}\") = 'object'")


class Address(Composite):
    """Where somebody lives or something is sent."""

    name = "address"
    summary = "A postal address as one value: street, street2, postal_code, city, region, country."
    widget = "address"
    parts: ClassVar[Mapping[str, FieldType]] = {
        "street": Text(),
        "street2": Text(),
        "postal_code": Text(),
        "city": Text(),
        "region": Text(),
        "country": Country(),
    }
    examples = ({"street": "Unter den Linden 1", "postal_code": "10117", "country": "DE"},)
    mistakes: ClassVar[tuple[object, ...]] = (
        "Berlin",
        {"town": "Berlin"},
        {"country": "Germany"},
        {"city": 5},
        [],
    )


class PersonName(Composite):
    """What a person is called."""

    name = "person_name"
    summary = "A person's name as one value: title, first, middle, last, suffix."
    widget = "person_name"
    parts: ClassVar[Mapping[str, FieldType]] = {
        "title": Text(),
        "first": Text(),
        "middle": Text(),
        "last": Text(),
        "suffix": Text(),
    }
    examples = ({"title": "Dr.", "first": "Ada", "last": "Lovelace"},)
    mistakes: ClassVar[tuple[object, ...]] = ("Ada Lovelace", {"name": "Ada"}, {"first": 5}, [])


class OwnMoney(Composite):
    """An amount with a currency of its own: `money` with `currency: own`."""

    name = "money"
    summary = "An exact amount with its own currency."
    widget = "own_money"
    keys = frozenset({"currency", "min", "max"})
    parts: ClassVar[Mapping[str, FieldType]] = {"amount": DecimalNumber(), "currency": Currency()}
    examples = ({"amount": "12.00", "currency": "EUR"},)
    mistakes: ClassVar[tuple[object, ...]] = (
        "12.00",
        {"amount": "12,00"},
        {"amount": "1.23456"},
        {"currency": "euro"},
        [],
    )

    def part_use(self, name: str, use: Use) -> Use:
        """The amount has the bounds of the field."""
        if name != "amount":
            return super().part_use(name, use)
        bounds = PartOptions(min=use.options.min, max=use.options.max)
        return Use(options=bounds, scale=None)

    def settle(self, document: Document) -> Document:
        """The amount with all places of its currency, where it has no more than those."""
        settled = super().settle(document)
        amount, currency = settled.part("amount"), settled.part("currency")
        if amount is None or currency is None or self.incomplete(settled):
            return settled
        shown = format(quantise(Decimal(amount), minor_units(currency)), "f")
        return Document({"amount": shown, "currency": currency})

    def incomplete(self, document: Document) -> tuple[str, Refused] | None:
        """An amount needs its currency, a currency an amount of no more places than it has."""
        amount, currency = document.part("amount"), document.part("currency")
        for part, value in (("amount", amount), ("currency", currency)):
            if value is None:
                return part, Refused("required", "A value is needed here.")
        assert amount is not None
        assert currency is not None
        places = minor_units(currency)
        if quantise(Decimal(amount), places) != Decimal(amount):
            has = "no decimal places" if places == 0 else f"at most {places} decimal places"
            return "amount", Refused("scale", f"{currency} has {has}; it is not rounded for you.")
        return None


def _written(value: object) -> str:
    """A part as it stands in the document: a text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    assert isinstance(value, str), value
    return value
