"""Mixins: merged at load, judged in their own file, reported once."""

from objectry.findings import Finding
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import Release, make_release

OBJECTS = """
service: shop
---
object: offer
service: shop
mixins: [dated, coded]
fields: {subject: {type: text}}
uniques: [[subject]]
---
object: order
service: shop
mixins: dated
fields: {subject: {type: text}}
"""
MIXINS = """
mixin: dated
fields:
  valid_from: {type: date, default: today()}
  valid_until: {type: date}
checks:
  - {rule: valid_until >= valid_from, message: It ends before it begins.}
---
mixin: coded
fields: {code: {type: text, required: true}}
uniques: [[code]]
indexes: [[-code]]
"""


def judge(**files: str) -> list[Finding]:
    loaded = load_documents({f"{name}.yaml": text for name, text in files.items()})
    return [*loaded.findings, *check(loaded.definitions, loaded.sources)]


def test_an_object_has_the_parts_of_its_mixins_behind_its_own() -> None:
    loaded = load_documents({"objects.yaml": OBJECTS, "mixins.yaml": MIXINS})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    offer = loaded.definitions.objects["offer"]
    assert ["subject", "valid_from", "valid_until", "code"] == list(offer.fields)
    assert (("subject",), ("code",)) == offer.uniques
    assert (("-code",),) == offer.indexes
    assert ["It ends before it begins."] == [check.message for check in offer.checks]
    release = make_release(loaded.definitions)
    assert release == Release.from_bytes(release.to_bytes())


def test_what_is_wrong_in_a_mixin_is_told_once_where_it_stands() -> None:
    mixins = MIXINS.replace("valid_from}", "valid_form}").replace("today()", "tday()")
    mixins = mixins.replace("valid_until >= valid_from", "valid_until >= valid_form")
    found = judge(objects=OBJECTS, mixins=mixins)
    assert [
        ("mixins.yaml:4:37", "fields.valid_from.default"),
        ("mixins.yaml:7:27", "checks[0].rule"),
    ] == [(str(one.position), one.path) for one in found]


def test_a_mixin_nobody_uses_is_judged_all_the_same() -> None:
    found = judge(mixins="mixin: sized\nfields: {weight: {type: decimal, min: 5, max: 1}}")
    assert [("OBJ0322", "mixins.yaml:2:39")] == [(one.code, str(one.position)) for one in found]


def test_a_mixin_stands_on_its_own_feet() -> None:
    mixins = "mixin: named\nchecks: [{rule: subject != 'x', message: No.}]"
    objects = OBJECTS.replace("[dated, coded]", "[named]").replace("mixins: dated\n", "")
    found = judge(objects=objects, mixins=mixins)
    assert ["mixins.yaml:2:17"] == [str(one.position) for one in found]


def test_two_mixins_with_one_field_clash_where_they_are_named() -> None:
    mixins = MIXINS + "---\nmixin: coloured\nfields: {code: {type: text, required: true}}\n"
    objects = OBJECTS.replace("[dated, coded]", "[dated, coded, coloured]")
    (found,) = judge(objects=objects, mixins=mixins)
    assert "objects.yaml:6:24" == str(found.position)
    assert "`coloured` brings the field `code`, which `coded` has too." == found.message


def test_a_misshapen_field_of_a_mixin_is_silent_in_what_uses_it() -> None:
    mixins = MIXINS.replace("valid_until: {type: date}", "valid_until: {type: dte}")
    objects = OBJECTS + "checks: [{rule: valid_until > today(), message: No.}]\n"
    found = judge(objects=objects, mixins=mixins)
    assert [("OBJ0206", "mixins.yaml:5:23")] == [(one.code, str(one.position)) for one in found]
