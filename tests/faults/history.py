"""Whether what clients saw could have come from running their requests one after another.

Requests append a token of their own to one or two lists, or read all of them. Each list's order is
an order of its writers; a reader comes after whom it saw and before whom it did not; and whoever
began after another was answered comes after it. When these orders form a circle, no sequence of
requests explains what was seen (the list-append check of Jepsen, with real time).
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Instants are ticks of one counter; `ended` is None when it was not answered.

    `token`: what it appended, "" for a reader; `saw`: the lists as it was shown them, its own
    token included.
    """

    began: int
    ended: int | None = None
    token: str = ""
    saw: Mapping[str, tuple[str, ...]] = {}


def contradictions(
    final: Mapping[str, tuple[str, ...]], requests: Sequence[Request], absent: set[str]
) -> list[str]:
    """What in this history can't be; `final` is each list afterwards, `absent` was refused."""
    found = [
        f"{token} is twice in {name}"
        for name, tokens in final.items()
        for token in sorted({token for token in tokens if tokens.count(token) > 1})
    ]
    found += [
        f"{token} was refused and is in {name}"
        for name, tokens in final.items()
        for token in tokens
        if token in absent
    ]
    for request in requests:
        for name, seen in request.saw.items():
            if final[name][: len(seen)] != seen:
                found.append(f"{request.token or 'a reader'} saw {seen[-3:]} in {name}: lost since")
            elif request.token and (not seen or seen[-1] != request.token):
                found.append(f"{request.token} was not answered with itself in {name}")
    return found or _circle(final, requests)


def _circle(final: Mapping[str, tuple[str, ...]], requests: Sequence[Request]) -> list[str]:
    graph: TopologicalSorter[str] = TopologicalSorter()
    for tokens in final.values():
        for before, after in pairwise(tokens):
            graph.add(after, before)
    names = [request.token or f"reader {number}" for number, request in enumerate(requests)]
    for name, request in zip(names, requests, strict=True):
        for where, seen in request.saw.items():
            if request.token:
                continue
            if seen:
                graph.add(name, seen[-1])
            if len(seen) < len(final[where]):
                graph.add(final[where][len(seen)], name)
    # A chain of instants carries real time: an answer lies before its instant, a beginning after.
    instants = sorted({end for request in requests if (end := request.ended) is not None})
    for instant, later in pairwise(instants):
        graph.add(f"at {later}", f"at {instant}")
    for name, request in zip(names, requests, strict=True):
        if request.ended is not None:
            graph.add(f"at {request.ended}", name)
        if earlier := [instant for instant in instants if instant < request.began]:
            graph.add(name, f"at {earlier[-1]}")
    try:
        graph.prepare()
    except CycleError as error:
        return [f"no order explains: {' < '.join(error.args[1])}"]
    return []
