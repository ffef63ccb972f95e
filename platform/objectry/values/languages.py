"""Languages by their tags (BCP 47)."""

import re
from collections.abc import Collection, Iterable
from decimal import Decimal

from objectry.values.countries import is_country

_ISO_639_1 = frozenset(
    (
        "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv "
        "cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr "
        "ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw "
        "ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv "
        "ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr "
        "ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
        "yo za zh zu"
    ).split()
)
_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.I | re.A)


def parse_language(text: str) -> str | None:
    """The tag in its usual capitals (`de`, `pt-BR`, `zh-Hant-TW`); None for no language.

    Language, script and region are taken; a language of two letters is one of ISO 639-1, a region
    of two letters a country.
    """
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    language, script, region = (part or "" for part in found.groups())
    language, region = language.lower(), region.upper()
    if len(language) == 2 and language not in _ISO_639_1:
        return None
    if len(region) == 2 and not is_country(region):
        return None
    return "-".join(part for part in (language, script.title(), region) if part)


def accepted(header: str) -> tuple[str, ...]:
    """The languages of an `Accept-Language` (RFC 9110 12.5.4), the best first; `*` names none.

    What can't be read is left out: the header is a wish, never a mistake.
    """
    wishes: list[tuple[Decimal, int, str]] = []
    for place, part in enumerate(header[:_HEADER_MAX].split(",")):
        tag, _, parameter = part.strip().partition(";")
        language, weight = parse_language(tag.strip()), _weight(parameter.strip())
        if language is not None and weight > 0:
            wishes.append((-weight, place, language))
    return tuple(dict.fromkeys(language for _, _, language in sorted(wishes)))


def choose(wanted: Iterable[str], known: Collection[str]) -> str | None:
    """The first wanted language that is known, or of which one without its region is."""
    for language in wanted:
        for tag in (language, language.partition("-")[0]):
            if tag in known:
                return tag
    return None


_HEADER_MAX = 500
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.A)


def _weight(parameter: str) -> Decimal:
    """The weight of a wish: 1 where none is given, 0 where it can't be read."""
    if not parameter:
        return Decimal(1)
    found = _WEIGHT.fullmatch(parameter)
    return Decimal(found[1]) if found else Decimal(0)
