"""Sealed values open for their record and field alone, and never again once the key is gone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectry_runtime.events import (
    SealBroken,
    Subject,
    new_subject_key,
    open_sealed,
    seal,
    unwrap_key,
    wrap_key,
)
from objectry_runtime.events.json_values import Json
from objectry_runtime.store.keyring import Keyring

SUBJECT = Subject(1, "customer", "0190a000-0000-7000-8000-000000000001")
VALUES = st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53)


@given(VALUES)
def test_what_is_sealed_opens_again(value: Json) -> None:
    key = new_subject_key()

    assert value == open_sealed(key, seal(key, value, SUBJECT, "note"), SUBJECT, "note")


def test_the_same_value_never_looks_the_same() -> None:
    key = new_subject_key()

    assert seal(key, "x", SUBJECT, "note") != seal(key, "x", SUBJECT, "note")


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        (Subject(2, SUBJECT.object, SUBJECT.record), "note"),
        (Subject(1, "lead", SUBJECT.record), "note"),
        (Subject(1, SUBJECT.object, "0190a000-0000-7000-8000-000000000002"), "note"),
        (SUBJECT, "name"),
    ],
)
def test_a_sealed_value_that_was_moved_does_not_open(subject: Subject, field: str) -> None:
    key = new_subject_key()
    sealed = seal(key, "secret", SUBJECT, "note")

    with pytest.raises(SealBroken):
        open_sealed(key, sealed, subject, field)


def test_a_sealed_value_stays_null_when_the_record_gets_a_new_key() -> None:
    sealed = seal(new_subject_key(), "secret", SUBJECT, "note")

    assert open_sealed(new_subject_key(), sealed, SUBJECT, "note") is None


def test_a_sealed_value_that_was_changed_does_not_open() -> None:
    key = new_subject_key()
    text = seal(key, "secret", SUBJECT, "note")["$sealed"]
    bits = bytearray(base64.b64decode(text))
    bits[-1] ^= 1

    for changed in (base64.b64encode(bytes(bits)).decode(), text[:-4], "no base64", 1):
        with pytest.raises(SealBroken):
            open_sealed(key, {"$sealed": changed}, SUBJECT, "note")


def test_without_its_key_a_sealed_value_is_null() -> None:
    sealed = seal(new_subject_key(), "secret", SUBJECT, "note")

    assert open_sealed(None, sealed, SUBJECT, "note") is None


def test_a_value_that_is_not_sealed_is_itself() -> None:
    assert open_sealed(None, "open", SUBJECT, "note") == "open"


def test_a_wrapped_key_is_for_its_record_and_master_alone() -> None:
    ring, other = Keyring(b"a" * 32), Keyring(b"b" * 32)
    key = new_subject_key()
    wrapped = wrap_key(ring, key, SUBJECT)

    assert unwrap_key(ring, wrapped, SUBJECT) == key
    for keyring, subject in ((other, SUBJECT), (ring, Subject(2, "customer", SUBJECT.record))):
        with pytest.raises(SealBroken):
            unwrap_key(keyring, wrapped, subject)
