"""Bodies of the reference project: typed exactly, or refused with everything that is wrong."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from objectry.compiler.codecs import Decoded, Issue, compile_codec, to_json, to_text
from tests.golden.project import reference_release

MODEL = reference_release().model()
OFFER = compile_codec(MODEL, "offer")
CUSTOMER = compile_codec(MODEL, "customer")
ID = "0189abcd-0000-7000-8000-000000000001"


def anything(name: str) -> bool:
    del name
    return True


def patch(body: dict[str, object], *, customer: bool = False) -> Decoded:
    codec = CUSTOMER if customer else OFFER
    document = codec.decode(json.dumps(body).encode())
    return codec.read(document, partial=True, writable=anything)


def test_a_good_body_is_typed() -> None:
    document = OFFER.decode(
        b'{"customer": "0189ABCD-0000-7000-8000-000000000001", "offer_date": "2026-02-28",'
        b' "seen_at": "2026-02-28T23:30:00+02:00", "currency": "EUR", "channel": null,'
        b' "discount": "2.50", "lines": [{"product": "Bolt", "quantity": 3, "unit_price": 0.1,'
        b' "pieces": 7}, {"id": "0189abcd-0000-7000-8000-000000000001", "product": "Nut"}]}'
    )
    assert OFFER.read(document, partial=False, writable=anything) == Decoded(
        values={
            "customer": ID,
            "offer_date": date(2026, 2, 28),
            "seen_at": datetime(2026, 2, 28, 21, 30, tzinfo=UTC),
            "currency": "EUR",
            "channel": None,
            "discount": Decimal("2.5000"),
            "lines": [
                {
                    "product": "Bolt",
                    "quantity": Decimal("3.000"),
                    "unit_price": Decimal("0.100000"),
                    "pieces": Decimal(7),
                },
                {"id": ID, "product": "Nut"},
            ],
        },
        issues=(),
    )


def test_everything_that_is_wrong_is_said_at_once() -> None:
    document = OFFER.decode(
        b'{"custmer": "x", "discount": "120", "status": "sent", "net_total": 1, "id": "x",'
        b' "offer_date": "2026-02-30", "lines": [{"product": "", "quantity": "1.0001"}, 7,'
        b' {"quantity": "-1", "pieces": 101, "net_amount": "1"}]}'
    )
    found = OFFER.read(document, partial=False, writable=anything)
    assert found.issues == (
        Issue("/custmer", "unknown_field", "There is no such field. Did you mean customer?"),
        Issue("/discount", "max", "Must be at most 100."),
        Issue("/status", "state", "A state changes by a transition only."),
        Issue("/net_total", "read_only", "This field is computed; it can't be written."),
        Issue("/id", "read_only", "The platform sets this field."),
        Issue("/offer_date", "date", "A date is written 2026-03-31."),
        Issue("/lines/0/product", "required", "A value is needed here."),
        Issue(
            "/lines/0/quantity",
            "scale",
            "This number may have at most 3 decimal places; it is not rounded for you.",
        ),
        Issue("/lines/1", "type", "A row is a JSON object, got a number."),
        Issue("/lines/2/quantity", "min", "Must be at least 0."),
        Issue("/lines/2/pieces", "max", "Must be at most 100."),
        Issue("/lines/2/net_amount", "read_only", "This field is computed; it can't be written."),
        Issue("/lines/2/product", "required", "A value is needed here."),
        Issue("/customer", "required", "A value is needed here."),
    )
    assert found.state == "sent"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("code", 1, "type"),
        ("code", "a-1", "pattern"),
        ("code", "A-" + "1" * 30, "max_length"),
        ("code", None, "required"),
        ("name", "a\u202eb", "text"),
        ("name", "a\nb", "text"),
        ("name", "a\x00b", "text"),
        ("name", "x" * 10_001, "max_length"),
        ("email", "a@b", "email"),
        ("email", "a@@b.de", "email"),
        ("email", "a b@c.de", "email"),
        ("country", "XX", "country"),
        ("country", "de", "country"),
        ("currency", "EURO", "currency"),
        ("credit", "0.005", "scale"),
        ("credit", 0.005, "scale"),
        ("credit", "10000000000", "precision"),
        ("credit", "-0.01", "min"),
        ("credit", "NaN", "type"),
        ("credit", "1e3", "type"),
        ("credit", " 1", "type"),
        ("credit", "\u0661", "type"),
        ("credit", "1" * 200, "precision"),
        ("credit", True, "type"),
        ("credit", [], "type"),
        ("birth_date", "2026-2-3", "date"),
        ("birth_date", "2026-02-03T00:00:00Z", "date"),
        ("birth_date", 20260203, "type"),
        ("active", "true", "type"),
        ("active", 1, "type"),
        ("active", {}, "type"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(field: str, value: object, code: str) -> None:
    found = patch({field: value}, customer=True)
    assert [(issue.pointer, issue.code) for issue in found.issues] == [(f"/{field}", code)]
    assert found.values == {}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("customer", "1", "link"),
        ("customer", {"id": ID}, "type"),
        ("channel", "Web", "option"),
        ("seen_at", "2026-02-03T00:00:00", "datetime"),
        ("lines", {}, "type"),
        ("lines", [], "required"),
        ("lines", None, "required"),
    ],
)
def test_a_link_a_choice_a_moment_and_rows_are_held_to_their_form(
    field: str, value: object, code: str
) -> None:
    found = patch({field: value})
    assert [(issue.pointer, issue.code) for issue in found.issues] == [(f"/{field}", code)]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("119.00", "119.00"),
        ("119", "119.00"),
        ("1.500", "1.50"),
        (0.1, "0.10"),
        (-0.0, "0.00"),
        ("-0", "0.00"),
        ("007", "7.00"),
        (10**9, "1000000000.00"),
    ],
)
def test_an_amount_is_stored_with_all_its_places(written: object, stored: str) -> None:
    value = patch({"credit": written}, customer=True).values["credit"]
    assert to_text(value) == stored


@pytest.mark.parametrize(("written", "stored"), [(5, "5"), (5.0, "5")])
def test_a_whole_number_is_one_however_written(written: object, stored: str) -> None:
    rows = patch({"lines": [{"id": ID, "pieces": written}]}).values["lines"]
    assert rows == [{"id": ID, "pieces": Decimal(stored)}]


@pytest.mark.parametrize("written", ["5", 5.5, True])
def test_a_whole_number_is_a_json_number(written: object) -> None:
    (issue,) = patch({"lines": [{"id": ID, "pieces": written}]}).issues
    assert issue.pointer == "/lines/0/pieces"


def test_text_comes_out_in_nfc() -> None:
    assert patch({"name": "Mu\u0308ller"}, customer=True).values == {"name": "Müller"}


def test_null_clears() -> None:
    assert patch({"channel": None, "discount": None}).values == {"channel": None, "discount": None}


def test_rows_are_told_apart_by_their_id() -> None:
    found = patch({"lines": [{"id": ID}, {"id": ID}, {"id": "1"}, {"id": None, "product": "x"}]})
    assert [(issue.pointer, issue.code) for issue in found.issues] == [
        ("/lines/1/id", "duplicate"),
        ("/lines/2/id", "link"),
    ]


def test_without_partial_a_row_that_is_there_must_be_whole_too() -> None:
    found = OFFER.read({"customer": ID, "lines": [{"id": ID}]}, partial=False, writable=anything)
    assert [issue.pointer for issue in found.issues] == ["/lines/0/product"]


def test_what_the_caller_may_not_write_is_read_only_and_what_is_hidden_does_not_exist() -> None:
    def writable(name: str) -> bool:
        return name not in ("discount", "lines.unit_price", "channel")

    def visible(name: str) -> bool:
        return name not in ("channel", "net_total", "lines.pieces", "status")

    body = {
        "discount": "1",
        "channel": "web",
        "chanel": "web",
        "net_total": "1",
        "status": "draft",
        "nonsense": 1,
        "lines": [{"product": "x", "unit_price": "1", "pieces": 1}],
    }
    found = OFFER.read(body, partial=True, writable=writable, visible=visible)
    typo = "There is no such field."
    assert found.issues == (
        Issue("/discount", "read_only", "You may not write this field."),
        Issue("/channel", "unknown_field", typo),
        Issue("/chanel", "unknown_field", typo),
        Issue("/net_total", "unknown_field", typo),
        Issue("/status", "unknown_field", typo),
        Issue("/nonsense", "unknown_field", typo),
        Issue("/lines/0/unit_price", "read_only", "You may not write this field."),
        Issue("/lines/0/pieces", "unknown_field", typo),
    )
    assert found.state is msgspec.UNSET


def test_rights_are_asked_of_fields_that_there_are() -> None:
    asked: set[str] = set()

    def visible(name: str) -> bool:
        asked.add(name)
        return True

    body = {"a.b": 1, "lines.product": 1, "customer": ID, "status": "x", "lines": [{"x.y": 1}]}
    OFFER.read(body, partial=True, writable=visible, visible=visible)
    fields = set(MODEL.object("offer").fields)
    rows = {f"lines.{name}" for name in MODEL.object("offer_line").fields}
    assert asked <= fields | rows


def test_a_required_field_the_caller_may_not_write_is_not_asked_for() -> None:
    found = OFFER.read(
        {"lines": [{"product": "x"}]}, partial=False, writable=lambda name: name != "customer"
    )
    assert found.issues == ()


def test_the_old_name_of_a_field_is_taken_and_reported() -> None:
    model = reference_release(
        {"email:      {type: email}": "mail: {type: email, was: email}"}
    ).model()
    codec = compile_codec(model, "customer")
    found = codec.read({"email": "a@b.de"}, partial=True, writable=anything)
    assert (found.values, found.deprecated) == ({"mail": "a@b.de"}, ("email",))
    both = codec.read({"email": "a@b.de", "mail": "a@b.de"}, partial=True, writable=anything)
    assert [(issue.pointer, issue.code) for issue in both.issues] == [("/email", "duplicate")]


@pytest.mark.parametrize("document", [None, 1, "x", [], True])
def test_a_record_is_an_object(document: object) -> None:
    (issue,) = OFFER.read(document, partial=True, writable=anything, pointer="/3").issues
    assert (issue.pointer, issue.code) == ("/3", "type")


def test_a_hostile_body_gives_a_bounded_answer() -> None:
    body: dict[str, object] = {f"k{number}": 1 for number in range(5_000)}
    body["~/" * 1000] = 1
    found = OFFER.read(body, partial=True, writable=anything)
    assert len(found.issues) == 1_000
    (issue,) = OFFER.read({"~/" * 1000: 1}, partial=True, writable=anything).issues
    assert issue.pointer == "/" + "~0~1" * 50


def test_values_become_parameters_and_json() -> None:
    moment = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
    values = [None, True, Decimal("1.50"), "x", date(2026, 3, 31), moment, 7]
    texts = [None, "true", "1.50", "x", "2026-03-31", "2026-03-31T09:30:00Z", "7"]
    assert [to_text(value) for value in values] == texts
    assert [to_json(value) for value in values] == [
        None,
        True,
        "1.50",
        "x",
        "2026-03-31",
        "2026-03-31T09:30:00Z",
        7,
    ]
    pieces = MODEL.object("offer_line").fields["pieces"]
    assert to_json(Decimal(7), pieces) == 7
    assert to_json([{"a": Decimal("1E+2")}]) == [{"a": "100"}]
