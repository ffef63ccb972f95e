"""Phone numbers (E.164)."""

WRITTEN_MAX = 40  # with spaces, dashes, brackets


def parse_phone(text: str) -> str | None:
    """The number as E.164 writes it (`+49301234567`); None where no such number can be.

    It begins with `+` and the country's code: without it nobody knows whose number it is. Length
    and area are looked at, not whether somebody answers.
    """
    if len(text) > WRITTEN_MAX or not (text.isascii() and text.isprintable()):
        return None
    if not text.lstrip(" ").startswith("+"):
        return None
    # Some 30 ms the first time: only who has phone fields waits for it.
    import phonenumbers

    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Zeros that people dial at home are left out one by one: what is kept is read as it stands.
    return written if written == text else parse_phone(written)
