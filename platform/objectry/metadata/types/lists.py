"""Lists of texts: options of a closed choice, free labels."""

from collections.abc import Callable, Iterator

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader
from objectry.metadata.types.limits import TAG_MAX, TAGS_MAX
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.storage import LISTED, StorageClass
from objectry.metadata.types.text import as_text
from objectry.metadata.types.use import Options, Reference, Rule, Schema, Use
from objectry.values.documents import is_list
from objectry.values.text import TextProblem, clean


class TextList(FieldType):
    """Several texts, none of them twice."""

    storage = StorageClass.TEXTS
    kind = Kind.LIST
    operators = LISTED
    sortable = False
    refuses = frozenset({"unique"})

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """Any texts: what was stored under other rules is shown all the same."""
        del use, reference
        return {"type": "array", "items": {"type": "string"}}

    def rules(self, use: Use, column: str) -> Iterator[Rule]:
        """No item is missing."""
        del use
        yield Rule("items", f'array_position("{column}", null) is null')


class MultiSelect(TextList):
    """Some of the options that the definition lists."""

    name = "multi_select"
    summary = "Several of the declared options, in their order."
    widget = "multi_select"
    keys = frozenset({"options"})
    needs = "options"
    mistakes = ("anything", ["anything"], [1], 1)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Some of the options, each once."""
        options = [option.value for option in use.options.options]
        schema: Schema = {"type": "array", "items": {"enum": options}, "uniqueItems": True}
        return {**schema, "minItems": 1} if required else schema

    def reader(self, use: Use) -> Reader:
        """Reads a list of options."""
        places = {option.value: place for place, option in enumerate(use.options.options)}
        listed = ", ".join(list(places)[:20]) + (" …" if len(places) > 20 else "")

        def option(item: object) -> str:
            if not isinstance(item, str) or item not in places:
                raise Refused("option", f"Must be one of: {listed}.")
            return item

        def read(value: object) -> tuple[str, ...]:
            found = read_items(value, option, len(places), required=use.options.required)
            return tuple(sorted(found, key=places.__getitem__))

        return read

    def listed(self, options: Options) -> tuple[str, ...]:
        """The options."""
        return tuple(option.value for option in options.options)


class Tags(TextList):
    """Free labels."""

    name = "tags"
    summary = f"Free labels, at most {TAGS_MAX}, each once, in the order given."
    widget = "tags"
    examples = (["urgent", "trade fair"],)
    mistakes = ("urgent", [1], [""], ["a", "a"], [" a"], ["two\nlines"], {"a": 1})

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Short texts, each once."""
        del use
        item: Schema = {"type": "string", "minLength": 1, "maxLength": TAG_MAX}
        schema: Schema = {"type": "array", "items": item, "uniqueItems": True}
        return {**schema, "maxItems": TAGS_MAX, **({"minItems": 1} if required else {})}

    def reader(self, use: Use) -> Reader:
        """Reads a list of labels."""
        required = use.options.required
        return lambda value: read_items(value, _tag, TAGS_MAX, required=required)

    def asked(self, text: str) -> str | None:
        """The label as it is stored."""
        try:
            return clean(text, multiline=False) or None
        except TextProblem:
            return None

    @property
    def wanted(self) -> str:
        """What would be right."""
        return "a label"


def _tag(item: object) -> str:
    text = as_text(item)
    if not text or text != text.strip():
        raise Refused("text", "A label is not empty, with no space before or after it.")
    if len(text) > TAG_MAX:
        raise Refused("max_length", f"At most {TAG_MAX} characters, got {len(text)}.")
    return text


def read_items(
    value: object, read: Callable[[object], str], most: int, *, required: bool
) -> tuple[str, ...]:
    """The items of an array, each read; what is wrong with any of them is told at its place."""
    if not is_list(value):
        raise Refused("type", f"Expected an array of texts, got {named(value)}.")
    if len(value) > most:
        raise Refused("max_length", f"At most {most} items, got {len(value)}.")
    if required and not value:
        raise Refused("required", "A value is needed here.")
    items: list[str] = []
    wrong: list[tuple[str, Refused]] = []
    for place, each in enumerate(value):
        try:
            item = read(each)
        except Refused as refused:
            wrong.append((str(place), refused))
            continue
        if item in items:
            wrong.append((str(place), Refused("duplicate", "This item comes twice.")))
        items.append(item)
    if wrong:
        raise Refused.within(wrong)
    return tuple(items)
