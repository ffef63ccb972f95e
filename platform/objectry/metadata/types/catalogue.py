"""Every field type there is. A new one is a class, and its line here."""

from objectry.metadata.types.business import Color, Iban, Phone, VatId
from objectry.metadata.types.code import Country, Currency, Language, Select
from objectry.metadata.types.field_type import FieldType
from objectry.metadata.types.moment import Boolean, CalendarDate, Moment
from objectry.metadata.types.number import DecimalNumber, Money, Percent, WholeNumber
from objectry.metadata.types.reference import Link, RecordId, Table, UserId
from objectry.metadata.types.shaped import Email, Url
from objectry.metadata.types.text import LongText, Markdown, Text

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
        Select(),
        Email(),
        Phone(),
        Url(),
        Country(),
        Language(),
        Currency(),
        Color(),
        Iban(),
        VatId(),
        Link(),
        Table(),
    )
}

# Types of the fields the engine owns; no definition can name them.
SYSTEM_TYPES: dict[str, FieldType] = {each.name: each for each in (RecordId(), UserId())}
