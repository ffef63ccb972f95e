"""What differs between two sets of definitions."""

from objectry.registry import diff_definitions
from tests.golden.project import reference_release


def changes(replace: dict[str, str]) -> list[str]:
    before, after = reference_release(), reference_release(replace)
    return [str(change) for change in diff_definitions(before.definitions, after.definitions)]


def test_nothing_differs_from_itself() -> None:
    assert changes({}) == []


def test_a_changed_value_is_said_from_what_to_what() -> None:
    found = changes({"label: Customer\n": "label: Client\n"})
    assert found == ['object customer: label changes from "Customer" to "Client"']


def test_a_renamed_field_is_renamed_not_removed_and_added() -> None:
    found = changes({"  email:      {type: email}": "  mail: {type: email, was: email, help: Hi}"})
    assert found == [
        "object customer: fields.email is renamed to mail",
        'object customer: fields.mail.help is added ("Hi")',
    ]


def test_a_former_name_is_claimed_once() -> None:
    """Checks refuse definitions that say otherwise; a diff does not fall over them."""
    twice = "  mail: {type: email, was: email}\n  post: {type: email, was: email}"
    assert changes({"  email:      {type: email}": twice}) == [
        "object customer: fields.email is renamed to mail",
        'object customer: fields.post is added ({"name":"post","type":"email","was":"email"})',
    ]


def test_permissions_are_part_of_it() -> None:
    found = changes({"fields: {credit: read}": "fields: {credit: none}"})
    assert found == [
        'object customer: permissions.sales.fields.credit changes from "read" to "none"'
    ]


def test_another_order_is_a_change() -> None:
    found = changes({"options: [web, shop, phone]": "options: [shop, web, phone]"})
    assert len(found) == 1
    assert found[0].startswith("object offer: fields.channel.options changes from ")


def test_a_removed_definition_is_removed() -> None:
    found = changes({"role: sales\nlabel: Sales\n---\n": "role: sales\n---\nrole: other\n---\n"})
    assert found == ["role other is added", 'role sales: label is removed (was "Sales")']
