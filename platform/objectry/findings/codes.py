"""The registry of finding codes: stable, documented, never reused.

`objectry explain CODE` and the reference page in the docs are both made from it.
"""

import msgspec


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What a code means: a title, an explanation, and the same thing written wrong and right."""

    code: str
    title: str
    explanation: str
    wrong: str = ""
    right: str = ""


CODES: dict[str, Code] = {}


def code(number: str, title: str, explanation: str, wrong: str = "", right: str = "") -> str:
    """Register a code when its module is imported and return it."""
    assert number not in CODES, f"{number} is registered twice"
    CODES[number] = Code(
        code=number, title=title, explanation=explanation, wrong=wrong, right=right
    )
    return number
