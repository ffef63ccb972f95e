"""Translated values in SQL: the text in the language of who reads, else the usual one."""

from objectry.metadata.model import FieldModel
from objectry.metadata.model.translating import beside
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.slots import LANGUAGES


def spoken(frame: ObjectFrame, path: tuple[str, ...], *, translated: bool) -> str:
    """The value at a path as the caller reads it; both sides of it through the frame's gate."""
    column = frame.column(path)
    if not translated:
        return column
    return _in_language(frame, column, frame.column((*path[:-1], beside(path[-1]))))


def spoken_raw(frame: ObjectFrame, field: FieldModel) -> str:
    """The same of a field of the record itself, whoever asks."""
    value = frame.raw(field.name)
    if not field.definition.translate:
        return value
    return _in_language(frame, value, frame.raw(beside(field.name)))


def _in_language(frame: ObjectFrame, usual: str, others: str) -> str:
    sql = frame.rendering.sql
    wanted = [f'({others} ->> {sql.bind(slot, "text")}) collate "C"' for slot in LANGUAGES]
    return f"coalesce({', '.join(wanted)}, {usual})"
