"""The loader: what YAML means, short forms, positions, and that nothing breaks it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectry.findings import Position
from objectry.metadata.checks import check
from objectry.metadata.loader import (
    KINDS,
    Loaded,
    format_text,
    kind_example,
    kind_schema,
    load_documents,
    load_tree,
)
from objectry.metadata.loader.plain import Plain, scalar
from objectry.metadata.model import Catalog
from objectry.metadata.model.definitions import (
    CheckDef,
    Definitions,
    FieldDef,
    OptionDef,
    PermissionDef,
)
from objectry.metadata.model.documents import (
    ConversionLinesDef,
    NumberingDef,
    StateDef,
    TransitionDef,
)
from objectry.metadata.types import TYPES


def load(text: str) -> Loaded:
    return load_documents({"a.yaml": text})


def clean(text: str) -> Definitions:
    """The definitions of a text without mistakes."""
    loaded = load(text)
    assert () == loaded.findings
    return loaded.definitions


def field_of(text: str) -> FieldDef:
    definitions = clean(f"object: o\nservice: s\nfields:\n  f: {text}\n")
    return definitions.objects["o"].fields["f"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        ("0.10", Decimal("0.10")),
        (".5", Decimal(".5")),
        ("2026-01-31", "2026-01-31"),
        ("12:30:00", "12:30:00"),
    ],
)
def test_an_unquoted_scalar_means_what_yaml_1_2_says(text: str, value: Plain) -> None:
    assert repr(value) == repr(scalar(text))


def test_numbers_and_booleans_become_the_source_of_an_expression() -> None:
    sources = [field_of(f"{{type: text, default: {text}}}").default for text in ("0.10", "true")]
    assert ["0.10", "True"] == sources


def test_short_forms_are_written_out() -> None:
    definition = clean(
        """
object: offer
service: offers
numbering: offer_number
immutable: status == 'sent'
fields:
  customer: {type: link, to: customer}
  urgency: {type: select, options: [low, {value: high, label: High}]}
checks: [{rule: true, message: Always}]
invariants: [{rule: urgency != None}]
indexes: [customer, [customer, -urgency]]
workflow:
  initial: draft
  states: [draft, sent]
  transitions: {send: {from: draft, to: sent, roles: sales}}
conversions:
  order: {to: order, lines: {from: lines, to: rows, quantity: quantity}}
permissions:
  sales: {read: true, import: true, update: owner == user.id, transitions: "*", conversions: order}
"""
    ).objects["offer"]
    workflow = definition.workflow
    assert definition.immutable is not None
    assert workflow is not None
    assert NumberingDef(sequence="offer_number") == definition.numbering
    assert "status == 'sent'" == definition.immutable.when
    assert ("customer",) == definition.fields["customer"].to
    assert (
        OptionDef(value="low"),
        OptionDef(value="high", label="High"),
    ) == definition.fields["urgency"].options
    assert (CheckDef(rule="True", message="Always"),) == definition.checks
    assert "This must hold: urgency != None" == definition.invariants[0].message
    assert (("customer",), ("customer", "-urgency")) == definition.indexes
    assert "status" == workflow.field
    assert {"draft": StateDef(name="draft"), "sent": StateDef(name="sent")} == workflow.states
    assert (
        TransitionDef(name="send", sources=("draft",), to="sent", roles=("sales",))
        == workflow.transitions["send"]
    )
    assert (
        ConversionLinesDef(source="lines", to="rows", quantity="quantity")
        == definition.conversions["order"].lines
    )
    assert (
        PermissionDef(
            role="sales",
            read=True,
            import_=True,
            update="owner == user.id",
            transitions=("*",),
            conversions=("order",),
        )
        == definition.permissions["sales"]
    )


def test_an_object_listed_by_a_service_belongs_to_it() -> None:
    definitions = clean("service: shop\nobjects: [item]\n---\nobject: item\n")
    assert "shop" == definitions.objects["item"].service


def test_several_documents_and_empty_ones_may_share_a_file() -> None:
    definitions = clean("---\nrole: a\n---\n---\nrole: b\n---\n# nothing\n")
    assert ["a", "b"] == list(definitions.roles)


def test_what_is_right_is_read_beside_what_is_wrong() -> None:
    loaded = load("object: o\nservice: s\nfields: {a: {type: text, lable: A}, b: 5}\nplural: os\n")
    assert ["OBJ0203", "OBJ0205"] == [finding.code for finding in loaded.findings]
    assert {"a": FieldDef(name="a", type="text")} == loaded.definitions.objects["o"].fields
    assert "os" == loaded.definitions.objects["o"].plural


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_has_its_shape(kind: str) -> None:
    loaded = load_documents({f"{kind}.yaml": kind_example(kind)})
    assert () == loaded.findings


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_of_a_kind_is_a_schema_that_describes_every_key(kind: str) -> None:
    schema = kind_schema(kind)
    jsonschema_rs.meta.validate(schema)
    bare: list[str] = []

    def visit(node: dict[str, Any], path: str) -> None:
        children: dict[str, dict[str, Any]] = node.get("properties", {})
        for name, child in children.items():
            if not child.get("description"):
                bare.append(f"{path}.{name}")
            visit(child, f"{path}.{name}")
        for key in ("items", "additionalProperties"):
            if node.get(key):
                visit(node[key], f"{path}.{key}")

    visit(schema, kind)
    assert [] == bare


def test_the_schema_knows_the_types_and_their_keys() -> None:
    field = kind_schema("object")["properties"]["fields"]["additionalProperties"]["properties"]
    assert list(TYPES) == field["type"]["enum"]
    assert set(FieldDef.__struct_fields__) - {"name"} == set(field)


def test_expression_keys_are_marked_in_the_schema() -> None:
    field = kind_schema("object")["properties"]["fields"]["additionalProperties"]["properties"]
    marked = {key for key, value in field.items() if value.get("format") == "objectry-expression"}
    assert {"default", "formula", "when", "required_when"} == marked


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("formula: 1 + nothing", (5, 35)),
        ("formula: '1 + nothing'", (5, 36)),
        ('formula: "1 \\x2b nothing"', (5, 39)),
        ("formula: \"'ü😀' == nothing\"", (5, 40)),
        ("formula: 1 +\n      nothing", (6, 7)),
        ("formula: '1\n\n    + nothing'", (7, 7)),
    ],
)
def test_a_mistake_within_an_expression_has_its_own_place(
    text: str, place: tuple[int, int]
) -> None:
    loaded = load(
        f"object: o\nservice: s\nfields:\n  # a comment\n  f: {{type: integer, {text}}}\n"
    )
    at = loaded.sources.position("object", "o", ("fields", "f", "formula"))
    found = check(loaded.definitions, loaded.sources, Catalog())
    places = [f.position for f in found if f.code == "OBJ0404"]
    assert at is not None
    assert [Position("a.yaml", *place)] == places


def test_a_mistake_within_a_block_scalar_has_its_own_place() -> None:
    text = (
        "object: o\nservice: s\nchecks:\n"
        "  - message: No.\n    rule: >-\n      1 > 0 and\n      nothing\n"
    )
    loaded = load(text)
    found = check(loaded.definitions, loaded.sources, Catalog())
    assert [Position("a.yaml", 7, 7)] == [f.position for f in found if f.code == "OBJ0404"]


def test_windows_line_endings_and_a_byte_order_mark_are_read() -> None:
    loaded = load("\ufeffobject: o\r\nservice: s\r\nlable: x\r\n")
    assert [Position("a.yaml", 3, 1)] == [finding.position for finding in loaded.findings]


def test_a_file_in_another_encoding_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "a.yml").write_bytes("role: a\nlabel: Größe".encode("latin-1"))
    assert [("OBJ0108", Position("objects/a.yml", 2, 10))] == [
        (finding.code, finding.position) for finding in load_tree(tmp_path).findings
    ]


@pytest.mark.parametrize(
    ("text", "code", "message", "column"),
    [
        ("label: 'a\x07b'", "OBJ0108", "A file can't hold the control character U+0007.", 10),
        ("\tlabel: a", "OBJ0101", "A tab can't indent.", 1),
        ('label: "a\\0"', "OBJ0109", "Control characters are not possible in a text", 8),
        ('label: "a\\u202Eb"', "OBJ0109", "Characters that change the reading direction", 8),
    ],
)
def test_a_character_that_no_file_or_text_may_hold_is_told_by_its_place(
    text: str, code: str, message: str, column: int
) -> None:
    (finding,) = load(f"role: a\n{text}\n").findings
    assert (code, Position("a.yaml", 2, column)) == (finding.code, finding.position)
    assert finding.message.startswith(message)


def test_a_text_is_read_in_nfc_as_texts_of_records_are() -> None:
    assert (OptionDef(value="B\u00fcro"),) == field_of(
        "{type: select, options: [Bu\u0308ro]}"
    ).options


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("indexes: [[%s]]", 11, "`indexes[0]`: at most 31 are possible."),
        ("uniques: [[%s]]", 11, "`uniques[0]`: at most 31 are possible."),
        (
            "workflow: {initial: f0, states: [f0, f0, %s]}",
            33,
            "`workflow.states`: the same stands in it twice.",
        ),
    ],
)
def test_a_list_that_could_not_be_served_is_a_finding(text: str, place: int, message: str) -> None:
    names = ", ".join(f"f{number}" for number in range(32))
    (finding,) = load(f"object: o\nservice: s\n{text % names}\n").findings
    assert ("OBJ0207", Position("a.yaml", 3, place), message) == (
        finding.code,
        finding.position,
        finding.message,
    )


def test_a_lone_surrogate_is_a_finding() -> None:
    loaded = load("role: a\nlabel: \ud800\n")
    assert [("OBJ0108", Position("a.yaml", 2, 8))] == [
        (finding.code, finding.position) for finding in loaded.findings
    ]


def test_a_file_that_is_too_large_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "a.yaml").write_text("role: a\n" + "# filler\n" * 200_000)
    assert ["OBJ0105"] == [finding.code for finding in load_tree(tmp_path).findings]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "{a: " * 200_000,
        "- " * 300_000,
        "\n".join(" " * n + "a:" for n in range(1200)),
        "? " * 100_000,
        "a: " * 1000,
        "a: &a [1, 2]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(50)),
        "x: &a [*a]",
        '"' + "\\u0000" * 1000,
        "role: a\nlabel: \x00",
        "%TAG ! tag:x,2000:\n---\n!a b",
        "role: !!python/object/apply:os.system [ls]",
        "role: " + "9" * 5000,
        "role: a\nhelp: " + "9" * 5000,
        "service: a\nport: " + "9" * 38,
    ],
)
def test_hostile_texts_are_findings(text: str) -> None:
    loaded = load(text)
    assert [*loaded.findings, *check(loaded.definitions, loaded.sources, Catalog())]


_TEXTS = st.text(
    st.sampled_from([*" \n\t-:{}[],'\"|>&*!%#?@`\\ab1é😀", "\u2028", "\x85", "\ufeff", "\x00"]),
    max_size=60,
)
_TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "object service fields type to of options workflow states transitions from "
                "checks permissions numbering conversions lines map indexes layout sections "
                "columns parameters groups totals chart report tiles dashboard".split()
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(text=_TEXTS)
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_loader(text: str) -> None:
    loaded = load(text)
    check(loaded.definitions, loaded.sources, Catalog())
    format_text(text)


def test_a_key_of_digits_is_told_like_any_other() -> None:
    """The validator shows such keys as numbers; the finding stands at the key all the same."""
    loaded = load(
        "object: thing\nservice: shop\nlabel: Thing\n"
        'conversions:\n  "0":\n  "00": {to: 5}\n  "7": 1\n'
    )
    at = [(one.path, one.position.line if one.position else 0) for one in loaded.findings]
    assert ("conversions.0", 5) in at
    assert ("conversions.7", 7) in at


@given(
    kind=st.sampled_from(KINDS),
    tree=st.dictionaries(
        st.sampled_from(
            "service label fields checks indexes uniques immutable numbering workflow "
            "conversions events permissions sections columns sort kind object pattern scope "
            "objects port title plural parameters where groups totals chart roles tiles".split()
        ),
        _TREE,
        max_size=6,
    ),
)
@settings(max_examples=150, deadline=None)
def test_no_misshapen_tree_breaks_the_loader(kind: str, tree: dict[str, object]) -> None:
    text = msgspec.json.encode({kind: "thing", **tree}).decode()
    loaded = load(text)
    check(loaded.definitions, loaded.sources, Catalog())
    format_text(text)


_SUITE = {
    path.stem: path.read_text()
    for path in sorted(Path(__file__).parents[3].glob("objects/*/*.yaml"))
}


@given(
    name=st.sampled_from(sorted(_SUITE)),
    edits=st.lists(
        st.tuples(
            st.floats(0, 1), st.integers(0, 12), st.sampled_from([*" :,{}[]\"'-\n#&*!|>5ä", ""])
        ),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=40, deadline=None)
def test_no_damage_to_the_suite_breaks_the_loader(
    name: str, edits: list[tuple[float, int, str]]
) -> None:
    text = _SUITE[name]
    for place, length, inserted in edits:
        start = int(place * len(text))
        text = text[:start] + inserted + text[start + length :]
    loaded = load_documents({**_SUITE, name: text})
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources, Catalog())]
    assert [] == [finding for finding in found if finding.position is None]
