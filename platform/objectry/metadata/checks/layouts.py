"""Layouts: pages show fields that exist, in the way their kind can."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Path
from objectry.metadata.checks.references import UNKNOWN_FIELD, UNKNOWN_OBJECT, WRONG_FIELD
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.definitions import LayoutDef, SectionDef

NOT_FOR_KIND = code(
    "OBJ0370",
    "Key does not fit the kind of layout",
    "A `list` has `columns` and `sort`; a `form` has `sections`. A section has `fields`, or a "
    "`table` with its `columns`.",
    wrong="layout: customer.list\nobject: customer\nkind: list\nsections: [{fields: [name]}]",
    right="layout: customer.list\nobject: customer\nkind: list\ncolumns: [name]",
)
OTHER_NAME = code(
    "OBJ0371",
    "Layout named after another object",
    "A layout is called `<object>.<name>` after the object it shows.",
    wrong="layout: client.list\nobject: customer\nkind: list\ncolumns: [name]",
    right="layout: customer.list\nobject: customer\nkind: list\ncolumns: [name]",
)


@project_check
def check_layouts(context: Context) -> None:
    """Every layout shows an object that exists, by fields that exist."""
    for layout in context.definitions.layouts.values():
        at = ("layout", layout.name, ("object",))
        objects = context.definitions.objects
        if not layout.object or not context.expect(
            UNKNOWN_OBJECT, "object", layout.object, objects, at
        ):
            continue
        if layout.name.partition(".")[0] != layout.object:
            message = f"The layout `{layout.name}` shows `{layout.object}`."
            hint = f"call it `{layout.object}.{layout.name.partition('.')[2]}`"
            context.find(OTHER_NAME, ("layout", layout.name, ("layout",)), message, hint)
        _check_kind(context, layout)
        for index, column in enumerate(layout.columns):
            _check_path(context, layout, column, ("columns", index))
        if layout.sort:
            _check_path(context, layout, layout.sort.removeprefix("-"), ("sort",))
        for index, section in enumerate(layout.sections):
            _check_section(context, layout, section, ("sections", index))


def _check_kind(context: Context, layout: LayoutDef) -> None:
    wrong = ("sections",) if layout.kind == "list" else ("columns", "sort")
    if context.positions.is_broken("layout", layout.name, ("kind",)):
        return
    for key in wrong:
        if getattr(layout, key):
            hint = "a list has `columns`" if layout.kind == "list" else "a form has `sections`"
            message = f"`{key}` means nothing for a {layout.kind}."
            context.find(NOT_FOR_KIND, ("layout", layout.name, (key,)), message, hint, key=True)


def _check_path(context: Context, layout: LayoutDef, path: str, place: Path) -> None:
    """A column: a field, or fields of linked records behind dots."""
    at = ("layout", layout.name, place)
    object_name = layout.object
    parts = path.split(".")
    for number, part in enumerate(parts):
        field = context.expect_field(UNKNOWN_FIELD, object_name, part, at)
        if field is None or field.type == "":
            return
        last = number == len(parts) - 1
        if last and field.type == "table":
            context.find(WRONG_FIELD, at, f"The table `{part}` can't be a column.")
        if not last:
            if field.type != "link" or len(field.to) != 1:
                message = f"`{part}` can't be followed by a dot."
                context.find(WRONG_FIELD, at, message, "only a link to one object can")
                return
            object_name = field.to[0]
            if object_name not in context.definitions.objects:
                return  # reported at the link


def _check_section(context: Context, layout: LayoutDef, section: SectionDef, path: Path) -> None:
    name = layout.name
    for index, field_name in enumerate(section.fields):
        at = ("layout", name, (*path, "fields", index))
        field = context.expect_field(UNKNOWN_FIELD, layout.object, field_name, at)
        if field is not None and field.type == "table":
            message = f"The table `{field_name}` needs a section of its own."
            context.find(WRONG_FIELD, at, message, "write `table:` with its `columns:`")
    if section.table_columns and not section.table:
        at = ("layout", name, (*path, "columns"))
        message = "Names of columns stand beside `table`; beside `fields` it is their number."
        context.find(NOT_FOR_KIND, at, message, "as in `columns: 2`", key=True)
    if section.table and section.fields:
        at = ("layout", name, (*path, "fields"))
        context.find(NOT_FOR_KIND, at, "A section has `fields` or a `table`.", "split it", key=True)
    if not section.table:
        return
    at = ("layout", name, (*path, "table"))
    table = context.expect_field(UNKNOWN_FIELD, layout.object, section.table, at)
    if table is None or table.type == "":
        return
    if table.type != "table":
        context.find(
            WRONG_FIELD, at, f"`{section.table}` is no table field.", "list it in `fields`"
        )
    elif table.of in context.definitions.objects:
        for index, column in enumerate(section.table_columns):
            at = ("layout", name, (*path, "columns", index))
            context.expect_field(UNKNOWN_FIELD, table.of, column, at)
