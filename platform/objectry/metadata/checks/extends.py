"""Extensions: of objects of other packages, with nothing that is there already."""

from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.mixins import CLASH
from objectry.metadata.checks.references import UNKNOWN_OBJECT
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.definitions import ExtendDef

OWN_OBJECT = code(
    "OBJ0613",
    "Extension of an own object",
    "`extend` is for objects that another package ships, so that they can be upgraded. What "
    "belongs to an object of your own stands in its own document.",
    wrong=("object: offer\nservice: offers\n---\nextend: offer\nfields: {subject: {type: text}}"),
    right="object: offer\nservice: offers\nfields: {subject: {type: text}}",
)
UNKNOWN_SLOT = code(
    "OBJ0614",
    "No layout to add to",
    "`layouts` of an extension names layouts of the extended object: forms get sections, lists "
    "get columns.",
)


@project_check
def check_extensions(context: Context) -> None:
    """Every extension adds something new to an object of another package."""
    for extension in context.definitions.extends.values():
        at: Place = ("extend", extension.name, ("extend",))
        objects = context.definitions.objects
        if not context.expect(UNKNOWN_OBJECT, "object", extension.object, objects, at):
            continue
        if context.positions.package("object", extension.object) == extension.package:
            message = f"`{extension.object}` is an object of this package."
            context.find(OWN_OBJECT, at, message, "write it in its own document")
            continue
        _check_fields(context, extension)
        _check_layouts(context, extension)


def _check_fields(context: Context, extension: ExtendDef) -> None:
    for name in extension.fields:
        at: Place = ("extend", extension.name, ("fields", name))
        origin = context.positions.origin("object", extension.object, ("fields", name))
        if origin == at:
            continue
        kind, holder, _ = origin
        package = context.positions.package(kind, holder) or "this project"
        message = f"`{extension.object}` has the field `{name}` already, from {package}."
        context.find(CLASH, at, message, "choose another name", key=True)


def _check_layouts(context: Context, extension: ExtendDef) -> None:
    layouts = context.definitions.layouts
    own = [name for name, layout in layouts.items() if layout.object == extension.object]
    for name in extension.sections:
        at: Place = ("extend", extension.name, ("layouts", name))
        if name not in own:
            message = f"`{name}` is no layout of `{extension.object}`."
            context.find(UNKNOWN_SLOT, at, message, near_or_all(name, own), key=True)
            continue
        lists = layouts[name].kind == "list"
        if extension.sections[name] if lists else extension.columns[name]:
            takes = "columns" if lists else "sections"
            message = f"`{name}` is a {layouts[name].kind}: it takes {takes}."
            context.find(UNKNOWN_SLOT, at, message, key=True)
