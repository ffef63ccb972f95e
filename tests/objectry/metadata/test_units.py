"""Units of measure: options of a select, and exact factors for `convert`."""

from decimal import Decimal

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Model
from objectry.registry import Release, make_release

WEIGHT = "units: weight\nbase: kg\nfactors: {g: 0.001, t: 1000}\nlabels: {t: Tonne}\n---\n"
LENGTH = "units: length\nbase: m\nfactors: {cm: 0.01}\n---\n"
PARCEL = """
service: shop
---
object: parcel
service: shop
fields:
  weight: {type: decimal, scale: 3}
  unit: {type: select, units: weight, default: "'kg'"}
  side: {type: select, units: length}
  kilos: {type: decimal, scale: 6, formula: "convert(weight, unit, 'kg')"}
"""


def codes(text: str) -> list[str]:
    loaded = load_documents({"shop.yaml": text})
    return [one.code for one in (*loaded.findings, *check(loaded.definitions, loaded.sources))]


def test_units_are_the_options_of_a_select() -> None:
    loaded = load_documents({"shop.yaml": WEIGHT + LENGTH + PARCEL})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    release = make_release(loaded.definitions)
    assert release == Release.from_bytes(release.to_bytes())
    unit = Model(release.definitions).object("parcel").fields["unit"].definition
    assert [("kg", "", Decimal(1)), ("g", "", Decimal("0.001")), ("t", "Tonne", Decimal(1000))] == [
        (one.value, one.label, one.factor) for one in unit.options
    ]


def test_what_can_not_be_converted_is_told() -> None:
    for wrong in ("convert(weight, unit, 'lb')", "convert(weight, unit, side)"):
        text = WEIGHT + LENGTH + PARCEL.replace("convert(weight, unit, 'kg')", wrong)
        (found,) = codes(text)
        assert found.startswith("OBJ04")


def test_units_are_checked() -> None:
    assert ["OBJ0610"] == codes(LENGTH + PARCEL.replace("\n  kilos", "\n  #"))
    assert ["OBJ0611"] == codes(WEIGHT.replace("0.001", "0"))
    assert ["OBJ0611"] == codes(WEIGHT.replace("{t: T", "{kilo: T"))
