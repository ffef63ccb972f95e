"""`fields=` and `expand=` as a Selection of what the caller may see."""

from collections.abc import Iterable

from objectry_runtime.query.names import Names, find_field
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.query.selection import Selection
from objectry_runtime.query.statements import KEPT_LENGTH_MAX, selections

OPENED_MAX = 20  # links and tables opened by one request
DEPTH_MAX = 4

Tree = dict[str, "Tree"]


def select(names: Names, object_name: str, fields: str, expand: str, *, tables: bool) -> Selection:
    """What a request shows. `tables`: a single record comes with its lines, a list without."""

    def build() -> Selection:
        wanted = _tree(fields, "fields") if fields else None
        opened = _tree(expand, "expand") if expand else {}
        return _Selecting(names).build(object_name, wanted, opened, tables=tables)

    if len(fields) + len(expand) > KEPT_LENGTH_MAX:
        return build()
    key = (object_name, names.roles, fields, expand, tables)
    return selections(names.live).get(key, build)


def whole(names: Names, object_name: str) -> Selection:
    """A single record as it is shown when nothing else is asked for."""
    return select(names, object_name, "", "", tables=True)


class _Selecting:
    """Counts what is opened while the tree is built."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._opened = 0

    def build(
        self, object_name: str, wanted: Tree | None, expand: Tree, *, tables: bool, depth: int = 0
    ) -> Selection:
        names, model = self._names, self._names.live.model.object(object_name)
        visible = names.visible(object_name)
        for name in (*(wanted or ()), *expand):
            if name not in visible:
                parameter = "expand" if name in expand else "fields"
                names.field(object_name, name, "read", parameter)
        shown: list[str] = []
        opened: list[tuple[str, Selection]] = []
        for name in visible:
            field = find_field(model, name)
            assert field is not None, f"{object_name}.{name} is visible"
            named = name in expand or (wanted is not None and name in wanted)
            if not named and (wanted is not None or (field.is_table and not tables)):
                continue
            below = (wanted or {}).get(name, {})
            if field.is_table or below or name in expand:
                parameter = "expand" if name in expand else "fields"
                if not (field.is_table or field.type.links or field.expr_type.kind == "link"):
                    raise bad_query(f"{parameter}: {quoted(name)} is no link and no table.")
                targets = names.targets(field, parameter)
                self._count(depth, parameter)
                for target in targets:
                    inner = self.build(
                        target, below or None, expand.get(name, {}), tables=False, depth=depth + 1
                    )
                    opened.append((name, _without_parent(inner) if field.is_table else inner))
            shown.append(name)
        return Selection(object_name, tuple(shown), tuple(opened))

    def _count(self, depth: int, parameter: str) -> None:
        self._opened += 1
        if depth >= DEPTH_MAX or self._opened > OPENED_MAX:
            raise bad_query(
                f"{parameter}: at most {OPENED_MAX} links and tables can be opened,"
                f" {DEPTH_MAX} deep."
            )


def _without_parent(rows: Selection) -> Selection:
    """Rows shown inside their record need not say whose they are."""
    fields = tuple(name for name in rows.fields if name != "parent")
    return Selection(rows.object, fields, rows.opened)


def _tree(text: str, parameter: str) -> Tree:
    tree: Tree = {}
    for path in text.split(","):
        _grow(tree, path.split("."), path, parameter)
    return tree


def _grow(tree: Tree, path: Iterable[str], text: str, parameter: str) -> None:
    for name in path:
        if not name:
            raise bad_query(f"{parameter}: {quoted(text)} is no list of field names.")
        tree = tree.setdefault(name, {})
