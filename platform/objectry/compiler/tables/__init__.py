"""Tables: the business tables a release wants, and what their constraints mean."""

from objectry.compiler.tables.meanings import ConstraintMeaning, MeaningKind
from objectry.compiler.tables.naming import constraint_name, is_ours
from objectry.compiler.tables.tables import compile_tables, constraint_meanings

__all__ = [
    "ConstraintMeaning",
    "MeaningKind",
    "compile_tables",
    "constraint_meanings",
    "constraint_name",
    "is_ours",
]
