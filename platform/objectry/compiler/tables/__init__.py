"""Tables: the business tables a release wants, and what their constraints mean."""

from typing import TYPE_CHECKING

from objectry.compiler.tables.meanings import ConstraintMeaning, MeaningKind
from objectry.compiler.tables.naming import constraint_name, is_ours
from objectry.compiler.tables.refusals import constraint_meanings

if TYPE_CHECKING:
    from objectry.compiler.tables.tables import compile_tables

__all__ = [
    "ConstraintMeaning",
    "MeaningKind",
    "compile_tables",
    "constraint_meanings",
    "constraint_name",
    "is_ours",
]


def __getattr__(name: str) -> object:
    """`compile_tables` is loaded when first asked for: it needs SQLAlchemy, a server does not."""
    if name != "compile_tables":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from objectry.compiler.tables.tables import compile_tables

    return compile_tables
