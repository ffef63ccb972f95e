"""The read path, and the only renderer of SQL."""

from objectry_runtime.query.answer import Answer
from objectry_runtime.query.attached import attached_file
from objectry_runtime.query.chains import chain
from objectry_runtime.query.duplicates import duplicates
from objectry_runtime.query.feed import feed
from objectry_runtime.query.listing import list_records
from objectry_runtime.query.open_lines import open_lines
from objectry_runtime.query.past import history
from objectry_runtime.query.reservations import reservations
from objectry_runtime.query.single import (
    get_record,
    read_many_statement,
    read_statement,
    record_answer,
)

__all__ = [
    "Answer",
    "attached_file",
    "chain",
    "duplicates",
    "feed",
    "get_record",
    "history",
    "list_records",
    "open_lines",
    "read_many_statement",
    "read_statement",
    "record_answer",
    "reservations",
]
