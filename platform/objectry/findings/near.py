"""Names that are near a mistyped one, and paths inside a definition as people read them."""

from collections.abc import Iterable

from rapidfuzz import process

SCORE_MIN = 70  # of 100: "custmer" and "customer" have 93, "offer" and "order" 60


def near(name: str, candidates: Iterable[str]) -> str:
    """`did you mean …?` where a candidate is close enough, else empty."""
    found = process.extractOne(name, list(candidates), score_cutoff=SCORE_MIN)
    return f"did you mean `{found[0]}`?" if found else ""


def near_or_all(name: str, candidates: Iterable[str]) -> str:
    """The near name, else what is possible where that is not too much to read."""
    names = list(candidates)
    hint = near(name, names)
    if hint or not names or len(names) > 30:
        return hint
    return f"possible: {', '.join(names)}"


def dotted(path: Iterable[str | int]) -> str:
    """A path inside a definition: `fields.customer.to`, `checks[0].rule`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
