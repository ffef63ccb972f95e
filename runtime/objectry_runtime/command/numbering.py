"""Numbers: which series a record draws from, and what stands around the digits."""

import re
from datetime import date
from functools import lru_cache

import msgspec

from objectry.compiler.codecs import to_text
from objectry.metadata.model import NumberingModel
from objectry_runtime.command.decision import Version
from objectry_runtime.command.draft import Draft
from objectry_runtime.query.drawing import NUMBER, NumberDraw

_PLACE = re.compile(r"\{([a-z][a-z0-9_.]*)(?::0?(\d+))?\}")


def draws_of(version: Version) -> tuple[NumberDraw, ...]:
    """All numbers that the writing of a version draws."""
    number = () if version.number is None else (version.number,)
    if version.before is not None or version.after is None:
        return number
    draft = version.after
    return (*number, *(draw(one, draft, field) for field, one in draft.model.autonumbers.items()))


def draw(numbering: NumberingModel, draft: Draft, field: str = NUMBER) -> NumberDraw:
    """The number a record is about to get; the digits come in the statement that writes it."""
    day = draft.value(numbering.date) if numbering.date else None
    if not isinstance(day, date):
        day = draft.context.call.today
    key = [to_text(draft.value(name)) for name in numbering.scope]
    if numbering.reset == "year":
        key.append(str(day.year))
    before, width, after = "", 1, ""
    seen = False
    for text, name, digits in _parts(numbering.pattern):
        if name == "seq":
            seen, width = True, int(digits or 1)
            continue
        said = text + (_filled(name, digits, day, draft) if name else "")
        before, after = (before, after + said) if seen else (before + said, after)
    assert seen, f"the pattern {numbering.pattern!r} has a place for {{seq}}"
    return NumberDraw(
        series=numbering.series,
        key=msgspec.json.encode(key).decode() if key else "",
        prefix=before,
        width=width,
        suffix=after,
        field=field,
    )


@lru_cache(maxsize=1_000)
def _parts(pattern: str) -> tuple[tuple[str, str, str], ...]:
    """The pattern as (text before, placeholder, its digits); the last has no placeholder."""
    parts: list[tuple[str, str, str]] = []
    end = 0
    for match in _PLACE.finditer(pattern):
        parts.append((pattern[end : match.start()], "", ""))
        parts.append(("", match[1], match[2] or ""))
        end = match.end()
    return (*parts, (pattern[end:], "", ""))


def _filled(name: str, digits: str, day: date, draft: Draft) -> str:
    match name:
        case "year":
            text = f"{day.year:04}"
        case "month":
            text = f"{day.month:02}"
        case "day":
            text = f"{day.day:02}"
        case _:
            text = to_text(draft.get(tuple(name.split(".")))) or ""
    return text.rjust(int(digits), "0") if digits else text
