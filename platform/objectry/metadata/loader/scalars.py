"""Where in its file a character of a scalar's value stands: expressions report offsets."""

from collections.abc import Iterator

_ESCAPED_LENGTHS = {"x": 2, "u": 4, "U": 8}


def offset_in_file(raw: str, style: str | None, value: str, offset: int) -> int:
    """The index in `raw` (the scalar as written) of the character at `offset` of its value.

    Falls back to the scalar's first character where the way it is written can't be followed.
    """
    match style:
        case "'":
            places = list(_quoted(raw, "'"))
        case '"':
            places = list(_quoted(raw, '"'))
        case "|" | ">":
            places = _block(raw, value)
        case _:
            places = list(_flow(raw, 0, len(raw)))
    if len(places) < len(value):
        return 0
    if offset < len(places):
        return places[offset]
    return places[-1] + 1 if places else 0


def _flow(raw: str, start: int, end: int) -> Iterator[int]:
    """Places of a plain scalar's characters: a line break in it becomes one space."""
    index = start
    while index < end:
        following = _fold(raw, index, end)
        if following is None:
            yield index
            index += 1
            continue
        yield from following[0]
        index = following[1]


def _fold(raw: str, index: int, end: int) -> tuple[list[int], int] | None:
    """Where blanks and line breaks begin at `index`: the places they become, and where they end."""
    stop = index
    while stop < end and raw[stop] in " \t":
        stop += 1
    if stop >= end or raw[stop] not in "\r\n":
        return None
    breaks: list[int] = []
    while stop < end and raw[stop] in " \t\r\n":
        if raw[stop] == "\n":
            breaks.append(stop)
        stop += 1
    return (breaks[1:] if len(breaks) > 1 else [index]), stop


def _quoted(raw: str, quote: str) -> Iterator[int]:
    """Places of a quoted scalar's characters, escapes and folded lines counted as one."""
    index, end = 1, len(raw) - 1
    while index < end:
        following = _fold(raw, index, end)
        if following is not None:
            yield from following[0]
            index = following[1]
            continue
        if quote == '"' and raw[index] == "\\":
            escaped = raw[index + 1]
            if escaped in "\r\n":  # the line goes on without a space
                index += 2
                while index < end and raw[index] in " \t":
                    index += 1
                continue
            yield index
            index += 2 + _ESCAPED_LENGTHS.get(escaped, 0)
        else:
            yield index
            index += 2 if quote == "'" and raw[index] == "'" else 1


def _block(raw: str, value: str) -> list[int]:
    """Places of a block scalar's characters: each line of the value is found in its own line."""
    places: list[int] = []
    index = raw.find("\n") + 1  # behind the header
    for word in _words(value):
        found = raw.find(word, index) if word.strip() else index
        if found < 0:
            return []
        places.extend(range(found, found + len(word)))
        index = found + len(word) if word.strip() else index
    return places


def _words(value: str) -> Iterator[str]:
    """The value cut into words and the blanks between them."""
    start = 0
    for index in range(1, len(value) + 1):
        if index == len(value) or value[index].isspace() != value[start].isspace():
            yield value[start:index]
            start = index
