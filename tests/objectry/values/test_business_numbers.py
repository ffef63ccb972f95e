"""IBANs, VAT ids, phone numbers, language tags: one way of writing, mistakes seen."""

import pytest

from objectry.values.ibans import LENGTHS, parse_iban
from objectry.values.languages import parse_language
from objectry.values.phones import parse_phone
from objectry.values.vat_ids import parse_vat_id

IBANS = (
    "GB82WEST12345698765432 FR1420041010050500013M02606 MT84MALT011000012345MTLCAST001S"
    " CH9300762011623852957 NL91ABNA0417164300 AT611904300234573201 BE68539007547034"
    " ES9121000418450200051332 IT60X0542811101000000123456 PL61109010140000071219812874"
).split()
CHECKED = (
    "DE136695976 ATU13585627 BE0403019261 DK13585628 FI20774740 FR40303265045 IT00743110157"
    " LU15027442 PL8567346215 PT501964843"
).split()


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_with_any_one_digit_changed_is_none(iban: str) -> None:
    """Its check digits see every single wrong character, and two neighbours changed over."""
    spaced = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    assert parse_iban(spaced.lower()) == iban
    for at in range(2, len(iban)):
        if iban[at].isdigit():
            assert parse_iban(iban[:at] + str((int(iban[at]) + 1) % 10) + iban[at + 1 :]) is None
    for at in range(4, len(iban) - 1):
        if iban[at] != iban[at + 1]:
            turned = iban[:at] + iban[at + 1] + iban[at] + iban[at + 2 :]
            assert parse_iban(turned) is None


def test_the_lengths_of_ibans_are_those_of_the_standard() -> None:
    """15 to 34 characters; every country once."""
    assert all(15 <= length <= 34 for length in LENGTHS.values())
    assert {len(country) for country in LENGTHS} == {2}
    assert len(LENGTHS) > 80


@pytest.mark.parametrize("vat_id", CHECKED)
def test_a_vat_id_with_its_last_digit_changed_is_none(vat_id: str) -> None:
    """Of ten last digits one is right, in countries whose rule is looked at."""
    taken = [end for end in "0123456789" if parse_vat_id(vat_id[:-1] + end)]
    assert taken == [vat_id[-1]]


@pytest.mark.parametrize("text", ["NL 0044.95445.B01", "nl004495445b01"])
def test_a_vat_id_is_kept_without_what_stands_between(text: str) -> None:
    """Spaces, dots and dashes are people's; the number has none."""
    assert parse_vat_id(text) == "NL004495445B01"


@pytest.mark.parametrize("text", ["", "DE", "US123456789", "DE 13669597", "D\u0415136695976"])
def test_what_is_no_vat_id(text: str) -> None:
    """Too short, another country, a letter that only looks like one."""
    assert parse_vat_id(text) is None


@pytest.mark.parametrize("text", ["030 1234567", "0049301234567", "+999 123456", "+49\n30123456"])
def test_a_phone_number_without_a_country_is_none(text: str) -> None:
    """`00` is a prefix in some countries only."""
    assert parse_phone(text) is None


@pytest.mark.parametrize(
    ("text", "tag"),
    [("DE", "de"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("xx", None)],
)
def test_a_language_is_written_in_its_usual_capitals(text: str, tag: str | None) -> None:
    """Language small, script with a capital, region in capitals."""
    assert parse_language(text) == tag
