"""Registering functions, and what all plugins together offer."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from objectry.findings import Finding
from objectry.metadata.model.catalog import Catalog, ComputedFact
from objectry.sdk import (
    Context,
    Plugin,
    Record,
    Settings,
    catalog,
    computed,
    plugin_conflicts,
)


def fee(record: Record, ctx: Context[Settings]) -> Decimal:
    return Decimal(5)


def test_a_registered_function_stays_a_function() -> None:
    """`on` gives back what it was given, so tests call it directly."""
    plugin = Plugin("dunning", requires=["invoices"])
    registered = plugin.on(computed("invoice.dunning_fee", reads=["gross_total"]))(fee)
    assert registered is fee
    assert "Plugin('dunning', computed=['invoice.dunning_fee'])" == repr(plugin)
    assert ("invoices",) == plugin.requires


def test_the_catalog_tells_definitions_what_there_is() -> None:
    """Name, plugin and the paths that are read."""
    plugin = Plugin("dunning")
    plugin.on(computed("invoice.dunning_fee", reads=["gross_total", "lines.net_amount"]))(fee)
    expected = Catalog(
        computed={
            "invoice.dunning_fee": ComputedFact(
                plugin="dunning",
                name="invoice.dunning_fee",
                reads=("gross_total", "lines.net_amount"),
            )
        }
    )
    assert expected == catalog([plugin])


def test_one_name_from_two_plugins_is_a_conflict() -> None:
    """Nothing is decided by the order of installation."""
    first, second = Plugin("first"), Plugin("second")
    first.on(computed("tax"))(fee)
    second.on(computed("tax"))(fee)
    expected = [
        Finding(
            code="OBJ0824",
            message="computed 'tax' is brought by 'first' and 'second'",
            hint="remove one of the two packages",
        )
    ]
    assert expected == plugin_conflicts([first, second])
    with pytest.raises(ValueError, match="'first' and 'second'"):
        catalog([first, second])


def test_two_plugins_of_one_name_are_a_conflict() -> None:
    """Settings go by the name."""
    expected = [Finding(code="OBJ0823", message="two plugins are called 'tax'")]
    assert expected == plugin_conflicts([Plugin("tax"), Plugin("tax")])


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: Plugin("Tax"), "a plugin can't be called 'Tax'"),
        (lambda: Plugin("company"), "a plugin can't be called 'company'"),
        (lambda: computed("a.b.c"), "a name like 'tax' or an 'object.field' is needed"),
        (lambda: computed("Tax"), "a name like 'tax' or an 'object.field' is needed"),
        (lambda: computed("tax", reads=["lines."]), "'lines.' is not a path"),
    ],
)
def test_a_wrong_declaration_fails_when_it_is_written(
    declare: Callable[[], object], message: str
) -> None:
    """At import, with what would be right, not at the first request."""
    with pytest.raises(ValueError, match=message):
        declare()


def test_a_name_is_registered_once_per_plugin() -> None:
    """The second function would silently replace the first."""
    plugin = Plugin("tax")
    plugin.on(computed("tax"))(fee)
    with pytest.raises(ValueError, match="plugin 'tax' registers computed 'tax' twice"):
        plugin.on(computed("tax"))(fee)


def test_the_context_rounds_as_the_company_does() -> None:
    """At the field's places, half away from zero or half-even."""
    today, settings = date(2026, 11, 22), Settings()
    away = Context(settings=settings, places=2, today=today)
    even = Context(settings=settings, places=2, today=today, half_even=True)
    amount = Decimal("-0.125")
    assert ("-0.13", "-0.12") == (str(away.round(amount)), str(even.round(amount)))
