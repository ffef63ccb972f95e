"""Pages as one caller may see them: what names a field that is hidden is not there."""

from typing import Any

import msgspec

from objectry.metadata.model.definitions import LayoutDef
from objectry_runtime.api.documents import visible_to
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.visibility import is_visible
from objectry_runtime.identity import Call

Json = dict[str, Any]  # JSON builtins, on their way to the encoder


class Sight:
    """Which objects and fields exist for one caller here."""

    def __init__(self, serving: Serving, call: Call) -> None:
        """The rights of the call's roles on the services served here."""
        self._serving = serving
        self._call = call
        self._model = call.live.model
        self._visible = visible_to(serving, call)

    def object(self, name: str) -> bool:
        """Whether the caller may do anything at all with the object."""
        return is_visible(self._serving, self._call, self._model.object(name))

    def path(self, object_name: str, path: str, use: str = "read") -> bool:
        """Whether every field of a path through links may be used so: `read`, `filter`, `sort`."""
        for part in path.split("."):
            if not object_name or not self._visible(object_name, part, use):
                return False
            to = self._model.object(object_name).fields[part].definition.to
            object_name = to[0] if len(to) == 1 else ""
        return True

    def line_object(self, object_name: str, table: str) -> str:
        """The object of a table field's rows."""
        return self._model.line_object(object_name, table).name


def seen_layout(layout: LayoutDef, sight: Sight) -> Json | None:
    """The layout without what is hidden; None where nothing is left to build the page on.

    A board or calendar stands and falls with its field; a list without its order is still a list.
    """
    name = layout.object
    if not sight.object(name):
        return None
    if any(key and not sight.path(name, key, "sort") for key in (layout.field, layout.start)):
        return None
    whole: Json = msgspec.to_builtins(layout)
    whole["sections"] = _sections(layout, sight)
    whole["columns"] = [path for path in layout.columns if sight.path(name, path)]
    for key, path in (("sort", layout.sort.removeprefix("-")), ("end", layout.end)):
        if path and not sight.path(name, path, "sort"):
            del whole[key]
    return whole


def _sections(layout: LayoutDef, sight: Sight) -> list[Json]:
    sections: list[Json] = []
    for section in layout.sections:
        if section.table and not sight.path(layout.object, section.table):
            continue
        seen: Json = msgspec.to_builtins(section)
        seen["fields"] = [name for name in section.fields if sight.path(layout.object, name)]
        if section.table:
            line = sight.line_object(layout.object, section.table)
            seen["table_columns"] = [
                name for name in section.table_columns if sight.path(line, name)
            ]
        sections.append(seen)
    return sections
