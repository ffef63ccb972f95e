"""Templates of printed pages, which stand in a file beside the layout that names them."""

from collections.abc import Mapping
from pathlib import PurePosixPath

import msgspec

from objectry.findings import Finding, code, near_or_all
from objectry.metadata.loader import codes
from objectry.metadata.loader.convert import Definition
from objectry.metadata.loader.sources import Source
from objectry.metadata.model.files import TEMPLATE_SUFFIXES, is_template
from objectry.metadata.model.pages import LayoutDef

NO_TEMPLATE = code(
    "OBJ0650",
    "Template not found",
    "The template of a print layout is a file in the same folder, which ends in `.html`, `.jinja` "
    "or `.j2`; its text may stand under `body` instead.",
    wrong="layout: customer.letter\nobject: customer\nkind: print\ntemplate: leter.html",
    right=(
        "layout: customer.letter\nobject: customer\nkind: print\n"
        'body: "<p>Dear {{ record.name }}</p>"'
    ),
)


def with_template(
    definition: Definition, source: Source, templates: Mapping[str, str], findings: list[Finding]
) -> Definition:
    """The definition with the text of the template that it names: a release needs no files."""
    if not isinstance(definition, LayoutDef) or not definition.template:
        return definition
    if definition.body:
        findings.append(
            Finding(
                code=codes.UNKNOWN_KEY,
                message="`body` means nothing beside `template`.",
                hint="keep one of the two",
                position=source.position(("body",), key=True),
                path="body",
            )
        )
        return definition
    if definition.kind != "print":
        return definition  # the key is reported
    folder = PurePosixPath(source.document.file).parent
    # Not resolved: a name that leads out of the folder is none of those there are.
    text = templates.get((folder / definition.template).as_posix())
    if text is not None:
        return msgspec.structs.replace(definition, body=text)
    if not is_template(definition.template):
        hint = f"its name ends in {' or '.join(sorted(TEMPLATE_SUFFIXES))}"
    else:
        beside = [PurePosixPath(name) for name in templates]
        names = [path.name for path in beside if path.parent == folder]
        hint = near_or_all(definition.template, names)
    findings.append(
        Finding(
            code=NO_TEMPLATE,
            message=f"There is no file `{definition.template}` beside this one.",
            hint=hint,
            position=source.position(("template",)),
            path="template",
        )
    )
    return definition
