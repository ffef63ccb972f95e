"""The shipped suite keeps its promises: names to the letter, whole pages, prices hidden."""

from pathlib import Path

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import format_text, load_tree
from objectry.metadata.model import Derivation, Model
from objectry.sdk import catalog
from objectry_runtime.host import discover
from objectry_runtime.permissions.policy import Policy, compile_policy

ROOT = Path(__file__).parents[2]
LOADED = load_tree(ROOT)
CATALOG = catalog(discover())
MODEL = Model(LOADED.definitions, CATALOG)
ROOTS = [name for name in MODEL.objects() if not MODEL.object(name).is_line]


def policy_of(name: str, role: str) -> Policy:
    model = MODEL.object(name)
    owner = policy_of(model.owner[0], role) if model.owner is not None else None
    return compile_policy(model, frozenset({role}), owner)


def test_the_suite_has_no_findings() -> None:
    """Neither errors nor warnings, with the plugins that are installed."""
    found = [*LOADED.findings, *check(LOADED.definitions, LOADED.sources, CATALOG)]
    assert [] == [str(finding) for finding in found]


def test_the_suite_is_formatted() -> None:
    """As `objectry fmt` would write it."""
    files = [*ROOT.glob("objects/**/*.yaml"), *ROOT.glob("layouts/**/*.yaml")]
    texts = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
    assert [] == [name for name, text in texts.items() if format_text(text) != text]


def test_services_have_their_ports_and_databases() -> None:
    """Fixed for ever: clients and operators know them."""
    expected = {
        "offers": (3001, "financial_offers"),
        "orders": (3002, "financial_orders"),
        "delivery_notes": (3003, "financial_delivery_notes"),
        "invoices": (3004, "financial_invoices"),
        "customers": (3007, "financial_customers"),
        "payments": (3008, "financial_payments"),
    }
    services = LOADED.definitions.services.values()
    assert expected == {one.name: (one.port, one.database) for one in services}


def test_event_names_are_to_the_letter() -> None:
    """What subscribers were promised is declared, each name once."""
    promised = """
        CustomerCreated CustomerUpdated CustomerSuspended OfferCreated OrderCreated
        DeliveryNoteCreated InvoiceCreated PaymentReceived OfferAccepted OrderConfirmed
        DeliveryConfirmed InvoiceIssued InvoicePaid PaymentProcessed PaymentFailed RefundProcessed
    """.split()
    declared: list[str] = []
    for definition in LOADED.definitions.objects.values():
        declared += definition.events.values()
        if definition.workflow is not None:
            declared += [one.event for one in definition.workflow.transitions.values() if one.event]
    assert set(promised) <= set(declared)
    assert len(set(declared)) == len(declared)


@pytest.mark.parametrize("name", ROOTS)
def test_every_object_has_a_list_and_a_form_that_shows_all_it_takes(name: str) -> None:
    """No field can only be reached through the API; nothing is shown twice in the header."""
    layouts = [one for one in LOADED.definitions.layouts.values() if one.object == name]
    assert {"list", "form"} == {one.kind for one in layouts}
    (form,) = (one for one in layouts if one.kind == "form")
    shown = [field for section in form.sections for field in (*section.fields, section.table)]
    shown = [field for field in shown if field]
    wanted = {
        field.name
        for field in MODEL.object(name).fields.values()
        if field.derivation is not Derivation.SYSTEM and field.definition.type != "link"
    }
    hidden_on_purpose = {
        "offer": {"customer_country"},
        "delivery_note": {"currency", "payment_days"},
    }
    assert wanted - set(shown) == hidden_on_purpose.get(name, set())
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("name", MODEL.objects())
def test_the_warehouse_sees_no_amount(name: str) -> None:
    """Neither prices nor totals nor limits, wherever the warehouse may read at all."""
    rights = policy_of(name, "warehouse")
    if rights.rule("read") is False:
        return
    amounts = {
        field.name
        for field in MODEL.object(name).fields.values()
        if field.definition.type == "money" and rights.shows(field.name)
    }
    assert set() == amounts


@pytest.mark.parametrize("name", MODEL.objects())
def test_sales_sees_no_cost_and_no_margin(name: str) -> None:
    """Costs are for those who set prices."""
    rights = policy_of(name, "sales")
    if rights.rule("read") is False:
        return
    fields = MODEL.object(name).fields
    assert set() == {
        field
        for field in fields
        if field in {"cost", "unit_cost", "margin"} and rights.shows(field)
    }


@pytest.mark.parametrize("name", MODEL.objects())
def test_the_auditor_reads_everything_and_changes_nothing(name: str) -> None:
    """All records, all fields, no action."""
    rights = policy_of(name, "auditor")
    assert rights.rule("read") is True
    assert all(rights.field(field, "read") is True for field in MODEL.object(name).fields)
    for action in ("create", "update", "delete"):
        line_that_follows = MODEL.object(name).follows_owner
        assert rights.rule(action) is False or line_that_follows
    model = MODEL.object(name)
    if model.workflow is not None:
        assert not any(rights.may_transition(one) for one in model.workflow.transitions)
    assert not any(rights.may_convert(one) for one in model.conversions)


def test_personal_data_is_sensitive() -> None:
    """What identifies a person is sealed in history and events."""
    sensitive = {
        (name, field.name)
        for name in MODEL.objects()
        for field in MODEL.object(name).fields.values()
        if field.definition.sensitive
    }
    expected = {
        ("customer", "email"),
        ("customer", "phone"),
        ("customer", "birth_date"),
        ("contact", "email"),
        ("contact", "phone"),
        ("delivery_note", "received_by"),
    }
    assert expected == sensitive
