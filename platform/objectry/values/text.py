"""What a text may hold: NFC, and nothing that hides or reorders what people see."""

import re
import unicodedata

# Unicode's Bidi_Control: they make a text read otherwise than it is stored.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_LINE_ENDS = "\n\r\u2028\u2029"  # Unicode's line and paragraph separators break lines as well
_REFUSED_ONE_LINE = re.compile(f"[{_CONTROLS}\t{_LINE_ENDS}{_BIDI}\ud800-\udfff]")
_REFUSED_MULTILINE = re.compile(f"[{_CONTROLS}{_BIDI}\ud800-\udfff]")

WHITESPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Every character Unicode calls white space: what `trim` takes off."""


class TextProblem(Exception):
    """A text that is not taken; the message says why in words for the person who typed it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def clean(text: str, *, multiline: bool) -> str:
    """The text in NFC, line ends as `\\n`; raises TextProblem for what is refused.

    Refused are control characters (tab and line ends are fine where several lines are),
    bidirectional controls and halves of surrogate pairs.
    """
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = (_REFUSED_MULTILINE if multiline else _REFUSED_ONE_LINE).search(text)
    if found:
        raise TextProblem(_reason(found.group(), found.start()))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _reason(character: str, offset: int) -> str:
    point = ord(character)
    where = f"character {offset + 1} (U+{point:04X})"
    if character in _LINE_ENDS:
        return f"Only one line is possible here; {where} is a line break."
    if character == "\t":
        return f"A tab is not possible here: {where}."
    if 0xD800 <= point <= 0xDFFF:
        return f"Not valid Unicode: {where} is half of a surrogate pair."
    if point < 0xA0:
        return f"Control characters are not possible in a text: {where}."
    return f"Characters that change the reading direction are not possible in a text: {where}."
