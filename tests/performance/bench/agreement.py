"""Whether everybody answers the same: a comparison of servers that do different work is none."""

from collections.abc import Iterator, Mapping, Sequence

import httpx
import msgspec

ASKED = 5  # of each kind
# What differs from write to write and from server to server.
_OWN = frozenset(
    {"id", "number", "owner", "created_at", "created_by", "updated_at", "updated_by", "next"}
)
_MISSING = "nothing"

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


class Disagreement(Exception):
    """Two servers gave different answers; where, and what."""


def compare(answers: Mapping[str, Sequence[Json]], title: str, *, of_writes: bool = False) -> None:
    """Raises Disagreement where a server's answers differ from the first one's.

    `of_writes`: ids, numbers and stamps may differ.
    """
    (first, expected), *others = answers.items()
    own = _OWN if of_writes else frozenset({"next"})
    for name, actual in others:
        for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
            for path in _differences(one, other, own):
                raise Disagreement(
                    f"{title}, request {number}: {first} and {name} differ at {path}"
                )


def ask(url: str, key: str, requests: Sequence[tuple[str, str, bytes]]) -> list[Json]:
    """The first answers of a server, decoded."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as api:
        answers: list[Json] = []
        for method, path, body in requests[:ASKED]:
            headers = {"Content-Type": "application/json"} if body else {}
            answer = api.request(method, path, content=body, headers=headers)
            if answer.status_code // 100 != 2:
                raise Disagreement(f"{method} {path}: {answer.status_code} {answer.text[:2000]}")
            answers.append(msgspec.json.decode(answer.content))
        return answers


def _differences(one: Json, other: Json, own: frozenset[str], path: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted((one.keys() | other.keys()) - own):
            yield from _differences(
                one.get(name, _MISSING), other.get(name, _MISSING), own, f"{path}/{name}"
            )
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, own, f"{path}/{place}")
    elif one != other:
        yield f"{path}: {one!r} is not {other!r}"
