"""When two records may be the same thing in the world: what is compared, and how much it counts."""

from typing import Literal

from objectry.metadata.model.declared import Def

Comparison = Literal["same", "words"]


class MatchDef(Def, frozen=True, kw_only=True):
    """One comparison. `field` is a field, or `table.field` of lines; equal ones count `score`.

    `same` compares letters and digits alone, `words` texts word by word, in any order, without
    legal forms and accents; close ones count in part.
    """

    field: str
    by: Comparison = "same"
    score: int = 0


class DuplicatesDef(Def, frozen=True, kw_only=True):
    """Records that together reach `threshold` may be duplicates, and can be merged."""

    threshold: int = 80
    match: tuple[MatchDef, ...] = ()


def compared(duplicates: DuplicatesDef | None, table: str) -> tuple[tuple[str, Comparison], ...]:
    """The fields of a record ("") or of a table's lines that are compared, and how, each once."""
    found: dict[tuple[str, Comparison], None] = {}
    for match in duplicates.match if duplicates is not None else ():
        of, _, name = match.field.rpartition(".")
        if of == table:
            found[(name, match.by)] = None
    return tuple(found)
