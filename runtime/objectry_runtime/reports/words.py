"""The few words that every letter has, by language; a template writes all others itself."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"page": "Page", "of": "of", "date": "Date", "total": "Total"},
    "de": {"page": "Seite", "of": "von", "date": "Datum", "total": "Summe"},
    "fr": {"page": "Page", "of": "sur", "date": "Date", "total": "Total"},
    "es": {"page": "Página", "of": "de", "date": "Fecha", "total": "Total"},
    "it": {"page": "Pagina", "of": "di", "date": "Data", "total": "Totale"},
    "nl": {"page": "Pagina", "of": "van", "date": "Datum", "total": "Totaal"},
}


def words(lang: str) -> Mapping[str, str]:
    """The words of a language, English ones where we have none."""
    return WORDS.get(lang.replace("_", "-").split("-")[0].lower(), WORDS["en"])
