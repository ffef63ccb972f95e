"""Templates: they can be read, and the names they use are there."""

from pathlib import PurePosixPath

import msgspec

from objectry.findings import Position, code, dotted, near, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.model.templates import TemplateName, TemplateUse

UNREADABLE_TEMPLATE = code(
    "OBJ0651",
    "Mistake in a template",
    "The template (Jinja2) can't be read: something is opened and not closed, or there is no such "
    "filter, test or template.",
    wrong=(
        "layout: customer.letter\nobject: customer\nkind: print\n"
        'body: "<p>Dear {{ record.name </p>"'
    ),
    right=(
        "layout: customer.letter\nobject: customer\nkind: print\n"
        'body: "<p>Dear {{ record.name }}</p>"'
    ),
)
UNKNOWN_NAME = code(
    "OBJ0652",
    "Unknown name in a template",
    "A template reads fields of its `record` and of records it links to, and a few more names that "
    "the documentation lists.",
    wrong=(
        "layout: customer.letter\nobject: customer\nkind: print\n"
        'body: "<p>Dear {{ record.nmae }}</p>"'
    ),
    right=(
        "layout: customer.letter\nobject: customer\nkind: print\n"
        'body: "<p>Dear {{ record.name }}</p>"'
    ),
)
_RECORDS = frozenset({"record", "old"})


def check_template(
    context: Context, object_name: str, text: str, at: Place, use: TemplateUse, file: str = ""
) -> None:
    """Report what is wrong with a template over an object; `file` is where its text stands."""
    if context.templates is None or context.positions.is_broken(*at):
        return
    facts = context.templates.read(text)
    report = _Report(context, text, at, file)
    for problem in facts.problems:
        report.add(UNREADABLE_TEMPLATE, problem.line, problem.message, problem.hint)
    known = context.templates.known(use)
    for name in facts.names:
        root, *path = name.path
        if root not in known:
            hint = near_or_all(root, sorted(known))
            report.add(UNKNOWN_NAME, name.line, f"There is no `{root}`.", hint)
        elif root in _RECORDS:
            _check_path(context, object_name, path, name, report)


def _check_path(
    context: Context, object_name: str, path: list[str], name: TemplateName, report: "_Report"
) -> None:
    """Follow a path through links and tables, as far as definitions know."""
    for part in path:
        fields = context.fields(object_name)
        field = fields.get(part)
        if field is None:
            if not context.is_doubtful(object_name, part):
                message = f"`{dotted(name.path)}`: `{object_name}` has no field `{part}`."
                report.add(UNKNOWN_NAME, name.line, message, near(part, fields))
            return
        leads = field.of if field.type == "table" else field.to[0] if len(field.to) == 1 else ""
        if leads not in context.definitions.objects:
            return  # a value, or a link whose target is reported elsewhere
        object_name = leads


class _Report:
    """Findings by the lines of one template."""

    def __init__(self, context: Context, text: str, at: Place, file: str) -> None:
        self._context = context
        self._text = text
        self._at = at
        self._file = file
        self._told: set[tuple[str, int, str]] = set()

    def add(self, code: str, line: int, message: str, hint: str) -> None:
        """Report once what is wrong in a line."""
        if (code, line, message) in self._told:
            return
        self._told.add((code, line, message))
        if not self._file:
            offset = sum(len(each) for each in self._text.splitlines(keepends=True)[: line - 1])
            self._context.find(code, self._at, message, hint, offset=offset)
            return
        self._context.find(code, self._at, message, hint)
        found = self._context.findings[-1]
        place = self._context.positions.position(*self._at)
        if place is not None:
            file = (PurePosixPath(place.file).parent / self._file).as_posix()
            place = Position(file, line, 1)
        self._context.findings[-1] = msgspec.structs.replace(found, position=place)
