"""Lines that the caller may not read: a body says nothing about them, and they keep their place."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from objectry_runtime.query.record import LineState

if TYPE_CHECKING:
    from objectry_runtime.command.draft import Draft

# Where such a line lies for the caller: nowhere. No pointer of a body begins so.
UNSEEN = "?"


def keep_places(
    present: Sequence[LineState], said: Sequence["Draft"], unseen: Mapping[str, "Draft"]
) -> list["Draft"]:
    """The lines that a body says, in its order, with the unseen ones among them.

    An unseen line follows the line it followed, or the nearest one before that which is still
    there; where none is, it comes first. So saying what one sees again moves nothing.
    """
    here = {line.id for line in said}
    behind: dict[str, list[Draft]] = {}
    anchor = ""
    for line in present:
        if line.id in here:
            anchor = line.id
        elif line.id in unseen:
            behind.setdefault(anchor, []).append(unseen[line.id])
    placed = behind.get("", [])[:]
    for one in said:
        placed += [one, *behind.get(one.id, ())]
    return placed
