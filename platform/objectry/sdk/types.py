"""What a plugin makes a field type of: a class over one of the storage classes that there are.

    from objectry.sdk.types import Coded

    class Isin(Coded):
        name = "isin"
        …

    plugin = Plugin("securities", types=[Isin()])

Take the class that is nearest: `Coded` for a text that is written in one way, `Text`,
`WholeNumber`, `DecimalNumber`, `Composite` for a value of several parts, `TextList`. Columns, JSON
Schema, codec, filters and expressions follow from what the class says.
"""

from objectry.expressions.types import Kind
from objectry.metadata.types.code import Coded, Country, Currency, Language
from objectry.metadata.types.composite import Composite
from objectry.metadata.types.field_type import FieldType, Reader, Scalar, parsed
from objectry.metadata.types.lists import TextList
from objectry.metadata.types.moment import CalendarDate, Moment
from objectry.metadata.types.number import DecimalNumber, WholeNumber
from objectry.metadata.types.refusal import Refused
from objectry.metadata.types.storage import EQUAL, ORDERED, TEXTUAL, StorageClass
from objectry.metadata.types.text import LongText, Text
from objectry.metadata.types.times import Duration, TimeOfDay
from objectry.metadata.types.use import Options, Rule, Schema, Use

__all__ = [
    "EQUAL",
    "ORDERED",
    "TEXTUAL",
    "CalendarDate",
    "Coded",
    "Composite",
    "Country",
    "Currency",
    "DecimalNumber",
    "Duration",
    "FieldType",
    "Kind",
    "Language",
    "LongText",
    "Moment",
    "Options",
    "Reader",
    "Refused",
    "Rule",
    "Scalar",
    "Schema",
    "StorageClass",
    "Text",
    "TextList",
    "TimeOfDay",
    "Use",
    "WholeNumber",
    "parsed",
]
