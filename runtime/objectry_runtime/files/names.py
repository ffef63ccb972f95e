"""Names of files: shown and proposed for saving, never used as paths of ours."""

import re
import unicodedata

LENGTH_MAX = 200
# Of controls, what turns the reading direction (a name that only looks like .pdf) and halves of
# characters; none of it can be seen.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_RESERVED = re.compile(r'[<>:"|?*]')


def clean_name(given: str) -> str:
    """The last part of what was given, with nothing in it that hides or leads anywhere."""
    name = re.split(r"[/\\]", given)[-1]
    seen = "".join(one for one in name if unicodedata.category(one) not in _UNSEEN)
    text = _RESERVED.sub("_", unicodedata.normalize("NFC", seen))
    text = " ".join(text.split()).strip(" .")
    stem, dot, ending = text.rpartition(".")
    if dot and len(ending) <= 20:
        text = stem[: LENGTH_MAX - len(ending) - 1] + dot + ending
    return text[:LENGTH_MAX] or "file"
