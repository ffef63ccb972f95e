"""Releases: named by what they say, kept as bytes, never half read."""

import msgspec
import pytest

from objectry.registry import CorruptRelease, Release, make_release
from tests.golden.project import reference_release


def test_a_snapshot_gives_the_same_release_back() -> None:
    release = reference_release()
    assert Release.from_bytes(release.to_bytes()) == release


def test_the_same_definitions_are_the_same_release_in_whatever_order_files_were_read() -> None:
    definitions = reference_release().definitions
    turned = msgspec.structs.replace(
        definitions,
        services=dict(reversed(definitions.services.items())),
        objects=dict(reversed(definitions.objects.items())),
        roles=dict(reversed(definitions.roles.items())),
    )
    assert make_release(turned).id == make_release(definitions).id


def test_the_order_of_fields_is_part_of_the_content() -> None:
    definitions = reference_release().definitions
    customer = definitions.objects["customer"]
    turned = msgspec.structs.replace(customer, fields=dict(reversed(customer.fields.items())))
    changed = msgspec.structs.replace(
        definitions, objects={**definitions.objects, "customer": turned}
    )
    assert make_release(changed).id != make_release(definitions).id


@pytest.mark.parametrize("replaced", ["label: Customer\n", "scale: 2", "min: 0,"])
def test_any_change_is_another_release(replaced: str) -> None:
    other = {"label: Customer\n": "label: Client\n", "scale: 2": "scale: 3", "min: 0,": "min: 1,"}
    assert reference_release({replaced: other[replaced]}).id != reference_release().id


def test_two_releases_share_what_both_define() -> None:
    """What a running server takes up costs the memory of what is new."""
    before = reference_release()
    after = reference_release({"label: Customer\n": "label: Client\n"})
    read = Release.from_bytes(after.to_bytes(), before)
    kept = {
        name
        for name, one in read.definitions.objects.items()
        if one is before.definitions.objects[name]
    }
    assert (after, set(after.definitions.objects) - {"customer"}) == (read, kept)


@pytest.mark.parametrize("at", [0, 5, 40, 400, -1])
def test_a_damaged_snapshot_is_refused(at: int) -> None:
    snapshot = bytearray(reference_release().to_bytes())
    snapshot[at] ^= 0x01
    with pytest.raises(CorruptRelease):
        Release.from_bytes(bytes(snapshot))


def test_a_snapshot_under_a_wrong_name_is_refused() -> None:
    release = reference_release()
    renamed = msgspec.structs.replace(release, id="0" * 64)
    with pytest.raises(CorruptRelease, match="its content is"):
        Release.from_bytes(renamed.to_bytes())


def test_every_definition_can_be_told_from_what_another_says() -> None:
    """The id is a SHA-256 in hex, its first twelve characters are for people."""
    release = reference_release()
    assert (len(release.id), release.short_id) == (64, release.id[:12])
