"""Languages by their tags (BCP 47)."""

import re

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
