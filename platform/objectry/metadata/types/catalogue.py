"""Every field type there is. A new one is a class, and its line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from objectry.metadata.types.autonumber import Autonumber
from objectry.metadata.types.business import Color, Iban, Phone, VatId
from objectry.metadata.types.code import Country, Currency, Language, Select
from objectry.metadata.types.composite import Address, PersonName
from objectry.metadata.types.documents import AnyJson
from objectry.metadata.types.field_type import FieldType
from objectry.metadata.types.files import File, Image
from objectry.metadata.types.lists import MultiSelect, Tags
from objectry.metadata.types.moment import Boolean, CalendarDate, Moment
from objectry.metadata.types.money import Money
from objectry.metadata.types.number import DecimalNumber, Percent, WholeNumber
from objectry.metadata.types.reference import Link, Links, RecordId, Table, User, Uuid
from objectry.metadata.types.secret import Secret
from objectry.metadata.types.shaped import Email, Url
from objectry.metadata.types.text import LongText, Markdown, Text
from objectry.metadata.types.times import Duration, TimeOfDay
from objectry.metadata.types.use import Options

# The types a definition may name.
TYPES: dict[str, FieldType] = {
    each.name: each
    for each in (
        Text(),
        LongText(),
        Markdown(),
        WholeNumber(),
        DecimalNumber(),
        Money(),
        Percent(),
        Boolean(),
        CalendarDate(),
        Moment(),
        TimeOfDay(),
        Duration(),
        Select(),
        MultiSelect(),
        Tags(),
        Email(),
        Phone(),
        Url(),
        Country(),
        Language(),
        Currency(),
        Color(),
        Iban(),
        VatId(),
        Address(),
        PersonName(),
        AnyJson(),
        Uuid(),
        User(),
        Autonumber(),
        Secret(),
        File(),
        Image(),
        Link(),
        Links(),
        Table(),
    )
}

# Types of the fields the engine owns; no definition can name them.
SYSTEM_TYPES: dict[str, FieldType] = {each.name: each for each in (RecordId(),)}


class Declared(Options, Protocol):
    """A field as it is declared: the name of its type, and the options that may vary it."""

    @property
    def type(self) -> str:
        """The name of its type."""
        ...


def type_of(
    field: Declared, more: Mapping[str, FieldType] = MappingProxyType({})
) -> FieldType | None:
    """The type of a declared field, the engine's own among them; None where its name is none.

    `more` are the types that plugins bring.
    """
    found = TYPES.get(field.type) or SYSTEM_TYPES.get(field.type) or more.get(field.type)
    return None if found is None else found.variant(field)
