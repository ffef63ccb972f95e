"""What every field type says of itself: the class the others are made from."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar, TypeVar

from objectry.expressions.types import Kind
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.storage import StorageClass
from objectry.metadata.types.use import Options, Reference, Rule, Schema, Use
from objectry.values.documents import Document

Scalar = Decimal | str | bool | date | datetime | time | timedelta | tuple[str, ...] | Document
Reader = Callable[[object], Scalar]
Parsed = TypeVar("Parsed", bound=Scalar)


class FieldType:
    """All facts about a type. Compilers ask it; none of them knows a type by name.

    `examples` are JSON values it takes (as they are stored) and `mistakes` some it refuses, both
    without any options: the reference shows them, the tests try them.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    storage: ClassVar[StorageClass]
    kind: ClassVar[Kind]
    operators: ClassVar[tuple[str, ...]]
    widget: ClassVar[str]
    keys: ClassVar[frozenset[str]] = frozenset()  # that it takes beside COMMON
    refuses: ClassVar[frozenset[str]] = frozenset()  # of COMMON, what means nothing here
    needs: ClassVar[str] = ""  # the key it can't do without
    scale: ClassVar[int | None] = None  # decimal places where the field names none
    words: ClassVar[bool] = False  # sorted as people do; codes are not words
    maskable: ClassVar[bool] = False  # whether a mask can be shown in the value's place
    sortable: ClassVar[bool] = True  # whether records can be put in its order, and indexed by it
    sealed: ClassVar[bool] = False  # encrypted where it lies, shown to nobody
    parts: ClassVar[Mapping[str, "FieldType"]] = MappingProxyType({})  # of one value
    links: ClassVar[bool] = False  # whether it leads to records that paths can follow
    principal: ClassVar[bool] = False  # whether it is the id of somebody with credentials
    attached: ClassVar[bool] = False  # whether it is the id of a file
    takes: ClassVar[frozenset[str]] = frozenset()  # of files, the media types; empty: every one
    many: ClassVar[bool] = False  # whether it links to a list of records
    drawn: ClassVar[bool] = False  # whether the writing statement draws it from a series
    own: ClassVar[bool] = False  # whether it is the id of the record that has it
    priced: ClassVar[bool] = False  # whether the value is in a currency
    titled: ClassVar[bool] = False  # whether the first such field names the record
    examples: ClassVar[tuple[object, ...]] = ()
    mistakes: ClassVar[tuple[object, ...]] = ()

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """The JSON Schema of a value in an answer."""
        del reference
        return self.write_schema(use, required=False)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """The JSON Schema of a value in a body."""
        del use, required
        raise AssertionError(f"nobody writes a {self.name}")

    def reader(self, use: Use) -> Reader:
        """What reads a JSON value, with the field's own bounds bound in; it raises Refused."""
        del use
        raise AssertionError(f"no body holds a {self.name}")

    def rules(self, use: Use, column: str) -> Iterator[Rule]:
        """The CHECKs that hold the column (a name that needs no quotes but has them) to it."""
        del use, column
        yield from ()

    def variant(self, options: Options) -> "FieldType":
        """The type of a field with these options, where they make it another."""
        del options
        return self

    def settle(self, document: Document) -> Document:
        """A document as it is kept, once what was there before is merged into it."""
        return document

    def incomplete(self, document: Document) -> tuple[str, Refused] | None:
        """The first part that a settled document lacks or can't have, and why."""
        del document
        return None

    def part_use(self, name: str, use: Use) -> Use:
        """A part of the value as the part's own type sees it."""
        del use
        raise AssertionError(f"a {self.name} has no {name}")

    def closed(self, options: Options) -> bool:
        """Whether there are so few values that a statement for each pays."""
        del options
        return False

    def listed(self, options: Options) -> tuple[str, ...]:
        """Every value there is, where the definition lists them."""
        del options
        return ()

    def asked(self, text: str) -> str | None:
        """A text of a query as records hold it, None where none can; `wanted` says what could be.

        Asked of types whose storage class is text.
        """
        return text

    @property
    def wanted(self) -> str:
        """What a text of a query should have been."""
        return "a text"

    def constant_problem(self, options: Options, value: str) -> str:
        """What is wrong with a text that a definition sets as the default, empty for nothing."""
        del options, value
        return ""


def parsed(code: str, message: str, parse: Callable[[str], Parsed | None]) -> Reader:
    """The reader of what is written as text in one way; `parse` gives None for any other."""

    def read(value: object) -> Parsed:
        if not isinstance(value, str):
            raise Refused("type", f"{message} Got {named(value)}.")
        found = parse(value)
        if found is None:
            raise Refused(code, message)
        return found

    return read
