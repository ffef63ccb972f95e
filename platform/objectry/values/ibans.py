"""International bank account numbers (ISO 13616)."""

# Characters of an IBAN by country, from the registry that SWIFT keeps.
LENGTHS = {
    country: int(length)
    for length, countries in (
        ("15", "NO"),
        ("16", "BE"),
        ("18", "DK FI FK FO GL NL SD"),
        ("19", "MK SI"),
        ("20", "AT BA EE KZ LT LU MN XK"),
        ("21", "CH HR LI LV"),
        ("22", "BG BH CR DE GB GE IE ME RS VA"),
        ("23", "AE GI IL IQ OM SO TL"),
        ("24", "AD CZ ES MD PK RO SA SE SK TN VG"),
        ("25", "LY PT ST"),
        ("26", "IS TR"),
        ("27", "BI DJ FR GR IT MC MR SM"),
        ("28", "AL AZ BY CY DO GT HN HU LB NI PL SV"),
        ("29", "BR EG PS QA UA"),
        ("30", "JO KW MU YE"),
        ("31", "MT SC"),
        ("32", "LC"),
        ("33", "RU"),
    )
    for country in countries.split()
}
WRITTEN_MAX = 50  # with spaces


def parse_iban(text: str) -> str | None:
    """The IBAN in capitals without spaces; None where its length or check digits are wrong."""
    if len(text) > WRITTEN_MAX or not text.isascii():
        return None
    iban = text.replace(" ", "").upper()
    if not iban.isalnum() or len(iban) != LENGTHS.get(iban[:2]) or not iban[2:4].isdigit():
        return None
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    return iban if int(digits) % 97 == 1 else None
