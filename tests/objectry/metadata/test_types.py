"""Every field type keeps what it says of itself."""

from decimal import Decimal

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectry.compiler.codecs import to_json
from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.types import (
    COMMON,
    OPERATORS,
    SHOWN,
    SYSTEM_TYPES,
    TYPES,
    FieldType,
    Refused,
    StorageClass,
    Use,
)

WRITTEN = [
    each for each in TYPES.values() if each.storage is not StorageClass.NONE and not each.drawn
]
READ = [(each, value) for each in WRITTEN for value in each.examples]
REFUSED = [(each, value) for each in WRITTEN for value in each.mistakes]


def use(of: FieldType) -> Use:
    """A field without options of its own."""
    return Use(options=FieldDef(name="field", type=of.name), scale=of.scale)


def nowhere(object_name: str, shape: str) -> dict[str, object]:
    del object_name, shape
    return {}


def valid(schema: dict[str, object], value: object) -> bool:
    shown = float(value) if isinstance(value, Decimal) else value
    return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(shown)


@pytest.mark.parametrize("each", TYPES.values(), ids=list(TYPES))
def test_a_type_says_what_it_is(each: FieldType) -> None:
    """It has a sentence, a widget, known operators, and a key it needs is one of its own."""
    assert TYPES[each.name] is each
    assert each.summary.endswith(".")
    assert each.widget
    assert set(each.operators) <= set(OPERATORS)
    assert each.keys <= set(FieldDef.__struct_fields__) - COMMON
    assert not each.needs or each.needs in each.keys
    assert each.name not in SYSTEM_TYPES


@pytest.mark.parametrize("each", WRITTEN, ids=[each.name for each in WRITTEN])
def test_a_type_shows_what_is_right_and_what_is_wrong(each: FieldType) -> None:
    """Whoever reads about a type sees both (a select has only what its definition lists)."""
    assert each.examples or each.needs == "options"
    assert each.mistakes


@pytest.mark.parametrize(("each", "value"), READ, ids=[f"{e.name}-{v}" for e, v in READ])
def test_an_example_is_read_and_shown_as_it_is(each: FieldType, value: object) -> None:
    """Reading and showing it gives the same JSON, which both schemas take."""
    read = each.reader(use(each))(value)
    assert to_json(read) == (str(value) if isinstance(read, Decimal) else value)
    assert valid(each.write_schema(use(each), required=False), value)
    if not each.attached:  # a file is shown with its name, type and size
        assert valid(each.read_schema(use(each), nowhere), SHOWN if each.sealed else value)


@pytest.mark.parametrize(("each", "value"), REFUSED, ids=[f"{e.name}-{v!r}" for e, v in REFUSED])
def test_a_mistake_is_refused_in_words(each: FieldType, value: object) -> None:
    """A refusal is a sentence and a code."""
    with pytest.raises(Refused) as refused:
        each.reader(use(each))(value)
    assert refused.value.message.endswith(".")
    assert refused.value.code


@pytest.mark.parametrize("each", WRITTEN, ids=[each.name for each in WRITTEN])
def test_a_query_asks_for_a_text_as_it_is_stored(each: FieldType) -> None:
    """What a filter's text becomes is what a body's text becomes."""
    for value in each.examples:
        if each.storage is StorageClass.TEXT and isinstance(value, str):
            assert each.asked(value) == value
            assert each.constant_problem(FieldDef(name="field", type=each.name), value) == ""


TEXTS = [each for each in WRITTEN if each.storage is StorageClass.TEXT and not each.needs]


@st.composite
def nearly(draw: st.DrawFn, each: FieldType) -> str:
    """An example with a few characters put in, taken out or changed; or any text."""
    text = str(draw(st.sampled_from(each.examples)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        put = draw(st.sampled_from([*"aA0 -./:@#+?\n\\", "ß", "٣", "\u202e", "ﬀ", "{", '"', ""]))
        text = text[:at] + put + text[at + draw(st.integers(0, 1)) :]
    return draw(st.one_of(st.just(text), st.just(text.lower()), st.just(text.upper()), st.text()))


@pytest.mark.parametrize("each", TEXTS, ids=[each.name for each in TEXTS])
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_read_passes_the_schema_and_is_read_again(
    each: FieldType, data: st.DataObject
) -> None:
    """A text is taken or refused, never anything else; what is stored can be written back."""
    text = data.draw(nearly(each))
    reader = each.reader(use(each))
    try:
        stored = reader(text)
    except Refused:
        return
    assert reader(stored) == stored
    schema = each.write_schema(use(each), required=False)
    validator = jsonschema_rs.validator_for(schema)  # formats are remarks: `.a@b.de` is an e-mail
    assert validator.is_valid(text)
    assert validator.is_valid(stored)
