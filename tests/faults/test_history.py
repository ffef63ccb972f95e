"""The checker of histories finds what it is for."""

import pytest

from tests.faults.history import Request, contradictions

A = Request(began=1, ended=2, token="a", saw={"x": ("a",), "y": ("a",)})
B = Request(began=3, ended=4, token="b", saw={"x": ("a", "b"), "y": ("a", "b")})
FINAL: dict[str, tuple[str, ...]] = {"x": ("a", "b"), "y": ("a", "b")}


def test_what_one_after_another_could_have_done_is_fine() -> None:
    """Also when a reader beside a writer saw it or did not, and what nobody answered is there."""
    beside = [Request(began=3, ended=5, saw={"x": seen}) for seen in (("a",), ("a", "b"))]
    unanswered = {"x": ("a", "b", "u"), "y": ("a", "b")}
    assert [] == contradictions(FINAL, [A, B, *beside], {"refused"})
    assert [] == contradictions(unanswered, [A, B, Request(began=1, token="u")], set())


Wrong = tuple[dict[str, tuple[str, ...]], list[Request], str]
WRONG: dict[str, Wrong] = {
    "lost": ({"x": ("b",), "y": ("b",)}, [A, B], "lost since"),
    "twice": ({"x": ("a", "b", "a"), "y": ("a", "b")}, [A, B], "twice"),
    "refused": ({"x": ("a", "b", "no"), "y": ("a", "b")}, [A, B], "was refused"),
    "swapped": (FINAL, [A, Request(began=3, ended=4, token="b", saw={"x": ("a",)})], "with itself"),
    "stale": (FINAL, [A, B, Request(began=5, ended=6, saw={"x": ("a",)})], "no order"),
    "torn": (
        FINAL,
        [A, B, Request(began=1, ended=9, saw={"x": ("a", "b"), "y": ("a",)})],
        "no order",
    ),
    "crossed": (
        {"x": ("a", "b"), "y": ("b", "a")},
        [
            Request(began=1, ended=9, token="a", saw={"x": ("a",), "y": ("b", "a")}),
            Request(began=1, ended=9, token="b", saw={"x": ("a", "b"), "y": ("b",)}),
        ],
        "no order",
    ),
    "early": (
        {"x": ("b", "a"), "y": ()},
        [
            Request(began=1, ended=2, token="a", saw={"x": ("b", "a")}),
            Request(began=3, ended=4, token="b", saw={"x": ("b",)}),
        ],
        "no order",
    ),
}


@pytest.mark.parametrize("mistake", sorted(WRONG))
def test_what_no_order_explains_is_found(mistake: str) -> None:
    final, requests, words = WRONG[mistake]
    found = contradictions(final, requests, {"no"})
    assert found
    assert words in found[0]
