"""What the filters of print templates write, by language; nothing passes a float."""

import pytest

from objectry_runtime.reports.environment import template_environment

RECORD = {"currency": "EUR", "address": {"street": "Ring 1", "postal_code": "1010", "city": "Wien"}}


def written(template: str, lang: str = "de", **context: object) -> str:
    known = {"lang": lang, "record": RECORD, "company": {"country": "DE"}, **context}
    return template_environment().from_string(template).render(known).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("template", "lang", "text"),
    [
        ("{{ '1234567.5'|money }}", "de", "1.234.567,50 €"),
        ("{{ '1234567.5'|money }}", "en", "€1,234,567.50"),
        ("{{ '1234567.5'|money }}", "hi", "€12,34,567.50"),
        ("{{ '0.123456'|money }}", "de", "0,123456 €"),
        ("{{ '-5'|money('JPY') }}", "en", "-¥5"),
        ("{{ '1'|money('BHD') }}", "de", "1,000 BHD"),
        ("{{ {'amount': '2.00', 'currency': 'USD'}|money }}", "en", "$2.00"),
        ("{{ none|money }}|{{ ''|number }}|{{ none|date }}", "de", "||"),
        ("{{ '99999999999999999999.99'|money }}", "de", "99.999.999.999.999.999.999,99 €"),
        ("{{ '2.500'|number }}", "de", "2,5"),
        ("{{ '100'|number }}", "de", "100"),
        ("{{ '2.5'|number(3) }}", "en", "2.500"),
        ("{{ '19.0000'|percent }}", "de", "19 %"),
        ("{{ '2026-03-01'|date }}", "de", "01.03.2026"),
        ("{{ '2026-03-01'|date('long') }}", "xx", "March 1, 2026"),
        ("{{ '2026-03-01T22:30:00Z'|date }}", "de", "01.03.2026"),
        ("{{ {'first': 'Ada', 'last': 'Byron'}|person }}", "en", "Ada Byron"),
        ("{{ 'AT'|country }}", "de", "Österreich"),
        (
            "{{ 'DE89370400440532013000'|iban }}|{{ none|iban }}",
            "de",
            "DE89 3704 0044 0532 0130 00|",
        ),
        ("{{ 'a\nb<'|multiline }}", "de", "a<br>b&lt;"),
        ("{{ address('A & B', record) }}", "de", "A &amp; B<br>Ring 1<br>1010 Wien"),
    ],
)
def test_filters(template: str, lang: str, text: str) -> None:
    assert written(template, lang) == text


def test_a_foreign_address_names_its_country() -> None:
    abroad = {"street": "Rue 1", "city": "Paris", "country": "FR"}
    assert written("{{ address(a) }}", a=abroad) == "Rue 1<br>Paris<br>FRANKREICH"
    assert written("{{ address(a) }}", a=abroad, company={"country": "FR"}) == "Rue 1<br>Paris"
