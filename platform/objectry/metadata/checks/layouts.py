"""Layouts: pages show fields that exist, in the way their kind can."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Path
from objectry.metadata.checks.paths import expect_path
from objectry.metadata.checks.references import UNKNOWN_FIELD, UNKNOWN_OBJECT, WRONG_FIELD
from objectry.metadata.checks.registry import project_check
from objectry.metadata.checks.templates import check_template
from objectry.metadata.checks.values import check_required, check_settable, check_values
from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.model.pages import LayoutDef, LayoutKind, SectionDef
from objectry.metadata.model.parameters import nothing_but_user

NOT_FOR_KIND = code(
    "OBJ0370",
    "Key does not fit the kind of layout",
    "A `list` has `columns` and `sort`, a `form` has `sections`, a `kanban` has `field`, `columns` "
    "and `sort`, a `calendar` has `start`, `end` and `columns`, a `print` has `paper` and either "
    "`template` or `body`, a `public_form` has `fields`, `values` and `message`. A section has "
    "`fields`, or a `table` with its `columns`.",
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
NEEDED_BY_KIND = code(
    "OBJ0372",
    "Layout without what its kind needs",
    "The columns of a `kanban` are the options or states of its `field`; a `calendar` shows a "
    "record at its `start`; a `print` is made from a `template`, or from the `body` that stands in "
    "its place; a `public_form` asks for `fields`.",
    wrong="layout: customer.board\nobject: customer\nkind: kanban\ncolumns: [name]",
    right=(
        "layout: lead.board\nobject: lead\nkind: kanban\nfield: stage\ncolumns: [name]\n"
        "---\nobject: lead\nservice: offers\n"
        "fields: {name: {type: text}, stage: {type: select, options: [new, won, lost]}}"
    ),
)

# The keys of each kind beside those that all layouts have.
KEYS: dict[LayoutKind, tuple[str, ...]] = {
    "list": ("columns", "sort"),
    "form": ("sections",),
    "kanban": ("field", "columns", "sort"),
    "calendar": ("start", "end", "columns"),
    "print": ("template", "body", "paper"),
    "public_form": ("fields", "values", "message"),
}
# One of these each kind can't do without.
NEEDED: dict[LayoutKind, tuple[str, ...]] = {
    "kanban": ("field",),
    "calendar": ("start",),
    "print": ("template", "body"),
    "public_form": ("fields",),
}
_BLANK = LayoutDef(name="", object="", kind="list")


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
            expect_path(context, layout.object, column, ("layout", layout.name, ("columns", index)))
        if layout.sort:
            at = ("layout", layout.name, ("sort",))
            expect_path(context, layout.object, layout.sort.removeprefix("-"), at)
        for index, section in enumerate(layout.sections):
            _check_section(context, layout, section, ("sections", index))
        _check_board(context, layout)
        _check_times(context, layout)
        _check_print(context, layout)
        _check_form(context, layout)


def _check_kind(context: Context, layout: LayoutDef) -> None:
    if context.positions.is_broken("layout", layout.name, ("kind",)):
        return
    own = KEYS[layout.kind]
    for key in dict.fromkeys(key for keys in KEYS.values() for key in keys):
        if key not in own and getattr(layout, key) != getattr(_BLANK, key):
            hint = f"a {layout.kind} has {' '.join(f'`{one}`' for one in own)}"
            message = f"`{key}` means nothing for a {layout.kind}."
            context.find(NOT_FOR_KIND, ("layout", layout.name, (key,)), message, hint, key=True)
    needed = NEEDED.get(layout.kind, ())
    if needed and not any(getattr(layout, key) for key in needed):
        names = " or ".join(f"`{key}`" for key in needed)
        message = f"A {layout.kind} needs the key {names}."
        context.find(NEEDED_BY_KIND, ("layout", layout.name, needed[:1]), message)


def _check_board(context: Context, layout: LayoutDef) -> None:
    """The columns of a kanban are a closed set: options of a select or states of a workflow."""
    if not layout.field:
        return
    at = ("layout", layout.name, ("field",))
    field = context.expect_field(UNKNOWN_FIELD, layout.object, layout.field, at)
    if field is not None and field.type not in ("", "select"):
        message = f"`{layout.field}` has no options that could be columns."
        context.find(WRONG_FIELD, at, message, "a kanban's field is a select or the workflow's")


def _check_times(context: Context, layout: LayoutDef) -> None:
    """A calendar goes from a date to a date, or from a moment to a moment."""
    found: dict[str, FieldDef] = {}
    for key, name in (("start", layout.start), ("end", layout.end)):
        if not name:
            continue
        at = ("layout", layout.name, (key,))
        field = context.expect_field(UNKNOWN_FIELD, layout.object, name, at)
        if field is None or field.type == "":
            continue
        if field.type not in ("date", "datetime"):
            context.find(WRONG_FIELD, at, f"`{name}` is no date.", "name a date or datetime")
            continue
        found[key] = field
    if len(found) == len(("start", "end")) and found["start"].type != found["end"].type:
        at = ("layout", layout.name, ("end",))
        types = [field.type for field in found.values()]
        message = f"`{layout.start}` is a {types[0]} but `{layout.end}` a {types[1]}."
        context.find(WRONG_FIELD, at, message, "start and end are of one type")


def _check_print(context: Context, layout: LayoutDef) -> None:
    """The template can be read and uses what there is."""
    if layout.kind != "print" or not layout.body:
        return
    at = ("layout", layout.name, ("template" if layout.template else "body",))
    check_template(context, layout.object, layout.body, at, "print", layout.template)


def _check_form(context: Context, layout: LayoutDef) -> None:
    """What anybody may fill in can be set, and so can what is set beside it."""
    target = context.definitions.objects[layout.object]
    for index, name in enumerate(layout.fields):
        at = ("layout", layout.name, ("fields", index))
        field = check_settable(context, target, name, at)
        if field is not None and name in layout.values:
            message = f"`{name}` is asked for and set."
            context.find(WRONG_FIELD, at, message, "remove it from `fields` or `values`")
    values = ("layout", layout.name, ("values",))
    check_values(context, target, layout.values, values, scope=nothing_but_user())
    if layout.kind == "public_form" and layout.fields:
        given = dict.fromkeys((*layout.fields, *layout.values), "")
        check_required(context, target, given, ("layout", layout.name, ("fields",)))


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
