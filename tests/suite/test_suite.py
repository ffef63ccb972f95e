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
    """Neither errors nor warnings, with the plugins that are installed.

    But for what services apart know of the credit used: copies are as old as what they copy.
    """
    found = [*LOADED.findings, *check(LOADED.definitions, LOADED.sources, CATALOG)]
    assert {
        "OBJ0702 fields.open_orders.rollup.field",
        "OBJ0702 fields.open_invoices.rollup.field",
        "OBJ0702 fields.customer.replicate[3]",
    } >= {f"{one.code} {one.path}" for one in found}


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
        "audit": (3005, "financial_audit"),
        "notifications": (3006, "financial_notifications"),
        "customers": (3007, "financial_customers"),
        "payments": (3008, "financial_payments"),
        "accounting": (3009, "financial_accounting"),
        "platform": (3010, "financial_platform"),
        "crm": (3011, "financial_crm"),
    }
    services = LOADED.definitions.services.values()
    assert expected == {one.name: (one.port, one.database) for one in services}


OBJECTS = {
    "offers": "offer offer_line price_list price_rule promotion product product_category",
    "orders": "order order_line warehouse stock_item stock_move reservation",
    "delivery_notes": "delivery_note delivery_line shipment tracking_event carrier return",
    "invoices": "invoice invoice_line credit_note payment_term dunning_level dunning_notice",
    "audit": "stored_event checkpoint retention_rule compliance_check audit_report",
    "notifications": "template message message_event channel preference",
    "customers": "customer contact address bank_account customer_group",
    "payments": "payment payment_intent refund chargeback gateway_account bank_statement bank_line "
    "allocation",
    "accounting": "company account journal journal_entry journal_line fiscal_year period tax_code "
    "exchange_rate cost_centre budget",
    "crm": "lead opportunity stage activity task campaign sales_target",
}


@pytest.mark.parametrize("service", OBJECTS)
def test_each_service_owns_its_objects(service: str) -> None:
    """Every promised object is there, in its service."""
    objects = LOADED.definitions.objects
    owned = {name for name, definition in objects.items() if definition.service == service}
    assert set(OBJECTS[service].split()) <= owned


# Event name → what fires it: the creation of a record, a transition or a conversion.
EVENTS = {
    "CustomerCreated": "customer created",
    "CustomerUpdated": "customer updated",
    "CustomerSuspended": "customer.suspend",
    "OfferCreated": "offer created",
    "OfferAccepted": "offer.accept",
    "OrderCreated": "order created",
    "OrderConfirmed": "order.confirm",
    "DeliveryNoteCreated": "delivery_note created",
    "DeliveryConfirmed": "delivery_note.deliver",
    "InvoiceCreated": "invoice created",
    "InvoiceIssued": "invoice.issue",
    "InvoicePaid": "invoice.pay",
    "CreditNoteIssued": "credit_note.issue",
    "StockReserved": "reservation created",
    "PaymentReceived": "payment created",
    "PaymentProcessed": "payment.allocate",
    "PaymentFailed": "payment.fail",
    "RefundProcessed": "refund.process",
    "ChargebackReceived": "chargeback created",
    "TransactionPosted": "journal_entry.post",
    "GLUpdated": "ledger_balance created ledger_balance updated",
    "ReportGenerated": "financial_report.generate",
    "LeadCreated": "lead created",
    "LeadConverted": "lead.convert",
    "OpportunityCreated": "opportunity created",
    "OpportunityClosed": "opportunity.win opportunity.lose",
    "ActivityCreated": "activity created",
    "TaskCompleted": "task.complete",
    "EventStored": "stored_event created",
    "ComplianceCheck": "compliance_check.conclude",
    "AuditReportGenerated": "audit_report.generate",
}


def test_events_fire_where_their_names_say() -> None:
    """What subscribers were promised is declared to the letter, at the one place it is about."""
    declared: dict[str, list[str]] = {}
    for name, definition in LOADED.definitions.objects.items():
        for moment, event in definition.events.items():
            declared.setdefault(event, []).append(f"{name} {moment}")
        transitions = definition.workflow.transitions.values() if definition.workflow else ()
        for one in (*transitions, *definition.conversions.values()):
            if one.event:
                declared.setdefault(one.event, []).append(f"{name}.{one.name}")
    assert {name: " ".join(declared.get(name, ())) for name in EVENTS} == EVENTS


@pytest.mark.parametrize("name", ROOTS)
def test_every_object_has_a_list_and_a_form_that_shows_all_it_takes(name: str) -> None:
    """No field can only be reached through the API; nothing is shown twice in the header."""
    layouts = [one for one in LOADED.definitions.layouts.values() if one.object == name]
    single = LOADED.definitions.objects[name].single
    assert ({"form"} if single else {"list", "form"}) <= {one.kind for one in layouts}
    (form,) = (one for one in layouts if one.kind == "form")
    shown = [field for section in form.sections for field in (*section.fields, section.table)]
    shown = [field for field in shown if field]
    wanted = {
        field.name
        for field in MODEL.object(name).fields.values()
        if field.derivation is not Derivation.SYSTEM
        and field.definition.type != "link"
        and not field.definition.hidden
    }
    hidden_on_purpose = {
        "offer": {"customer_country"},
        "delivery_note": {"currency", "payment_days", "discount"},
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
        ("bank_account", "iban"),
        ("bank_account", "holder"),
        ("delivery_note", "received_by"),
        ("shipment", "signed_by"),
        ("bank_line", "counterparty"),
        ("bank_line", "iban"),
        ("message", "recipient"),
        ("message", "body"),
        ("lead", "contact_name"),
        ("lead", "email"),
        ("lead", "phone"),
        ("opportunity", "contact_name"),
        ("activity", "report"),
        ("stored_event", "data"),
    }
    assert expected == sensitive
