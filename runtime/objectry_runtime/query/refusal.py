"""What is wrong with a query, in words for the person who wrote it: always a 400."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

from objectry_runtime.problems import Problem

NEAR = 65
SHOWN_MAX = 64


def bad_query(detail: str) -> Problem:
    """The one error of a query: the detail says what is wrong and what would be right."""
    return Problem(400, "bad_query", "The query can't be read.", detail)


def quoted(text: str) -> str:
    """A request's text inside a message: bounded, so that answers stay small."""
    return f'"{text[:SHOWN_MAX]}…"' if len(text) > SHOWN_MAX else f'"{text}"'


def near(name: str, names: Iterable[str]) -> str:
    """` Did you mean "…"?` where one of `names` is near; they must be the caller's to know."""
    found = process.extractOne(
        name[:SHOWN_MAX], sorted(names), scorer=fuzz.ratio, score_cutoff=NEAR
    )
    return f' Did you mean "{found[0]}"?' if found else ""
