"""Names: what they look like, which are taken, and which may stand only once."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.model import plural_of
from objectry.metadata.model.trees import PARENT, parent_field
from objectry.values.names import RESERVED_FIELDS, RESERVED_WORDS, is_name

BAD_NAME = code(
    "OBJ0301",
    "Not a name",
    "Names are in lower case, begin with a letter, have letters, digits and single underscores and "
    "at most 48 characters: they become columns, paths and words of expressions.",
    wrong="object: offer\nservice: offers\nfields: {offerDate: {type: date}}",
    right="object: offer\nservice: offers\nfields: {offer_date: {type: date}}",
)
RESERVED = code(
    "OBJ0302",
    "Reserved name",
    "The engine has a field of that name on every record (`number` on numbered ones, the "
    "workflow's field where there is a workflow), or the word means something in a query, a path "
    "or an expression.",
    wrong="object: offer\nservice: offers\nfields: {owner: {type: text}}",
    right="object: offer\nservice: offers\nfields: {responsible: {type: text}}",
)
PLURAL_TAKEN = code(
    "OBJ0303",
    "Plural taken",
    "The plural is the REST path of an object; two objects can't share one.",
    wrong="object: offer\nservice: offers\n---\nobject: quotation\nservice: offers\nplural: offers",
    right="object: offer\nservice: offers\n---\nobject: quotation\nservice: offers",
)
ACTION_TAKEN = code(
    "OBJ0304",
    "Action name taken",
    "Transitions and conversions are called as `actions/<name>`, so a name stands for one of them.",
    wrong=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: [draft, sent], "
        "transitions: {copy: {from: draft, to: sent}}}\n"
        "conversions: {copy: {to: offer}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: [draft, sent], "
        "transitions: {send: {from: draft, to: sent}}}\n"
        "conversions: {copy: {to: offer}}"
    ),
)
WAS_TAKEN = code(
    "OBJ0305",
    "Former name in use",
    "`was` names what a field was called before. That name can't be a field of today, nor the "
    "former name of two fields.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {topic: {type: text}, subject: {type: text, was: topic}}"
    ),
    right="object: offer\nservice: offers\nfields: {subject: {type: text, was: topic}}",
)

PORT_TAKEN = code(
    "OBJ0308",
    "Port taken",
    "Services that are served apart listen on ports of their own.",
    wrong="service: sales\nport: 3001\n---\nservice: billing\nport: 3001",
    right="service: sales\nport: 3001\n---\nservice: billing\nport: 3002",
)

# What stands beside plurals under /api/v1.
PATHS = frozenset(
    {"batch", "dashboards", "delegations", "events", "files", "meta", "reports", "search"}
)
_SHAPE = "lower case, begins with a letter, then letters, digits and single `_`, at most 48"


def check_name(context: Context, noun: str, name: str, at: Place, *, key: bool) -> bool:
    """Report a name that nothing may have; `noun` tells what was to be called so."""
    if is_name(name):
        return True
    context.find(BAD_NAME, at, f"`{name}` can't be the name of {noun}.", _SHAPE, key=key)
    return False


@project_check
def check_definition_names(context: Context) -> None:
    """Services, objects, roles, reports, dashboards and sequences have names."""
    definitions = context.definitions
    for kind, names in (
        ("service", definitions.services),
        ("object", definitions.objects),
        ("role", definitions.roles),
        ("report", definitions.reports),
        ("dashboard", definitions.dashboards),
        ("sequence", definitions.sequences),
        ("notification", definitions.notifications),
        ("automation", definitions.automations),
        ("mixin", definitions.mixins),
        ("units", definitions.units),
    ):
        for name in names:
            noun = f"an {kind}" if kind[0] in "ao" else f"a {kind}"
            check_name(context, noun, name, (kind, name, (kind,)), key=False)


@project_check
def check_plurals(context: Context) -> None:
    """Every object has a REST path of its own."""
    taken: dict[str, str] = {}
    for definition in context.definitions.objects.values():
        plural = plural_of(definition)
        path: Path = ("plural",) if definition.plural else ("object",)
        at = ("object", definition.name, path)
        if definition.plural:
            check_name(context, "a path", plural, at, key=False)
        if plural in PATHS:
            context.find(
                RESERVED, at, f"The path `{plural}` is the platform's own.", "set `plural:`"
            )
        elif plural in taken:
            message = f"The plural `{plural}` is already that of `{taken[plural]}`."
            context.find(PLURAL_TAKEN, at, message, "set another `plural:`")
        else:
            taken[plural] = definition.name


@project_check
def check_ports(context: Context) -> None:
    """Every service that names a port has it for itself."""
    taken: dict[int, str] = {}
    for service in context.definitions.services.values():
        if service.port in taken:
            at = ("service", service.name, ("port",))
            message = f"Port {service.port} is already that of `{taken[service.port]}`."
            context.find(PORT_TAKEN, at, message, "set another `port:`, or none")
        elif service.port:
            taken[service.port] = service.name


@object_check
def check_field_names(context: Context, definition: ObjectDef) -> None:
    """Fields have names that nothing else has."""
    workflow = definition.workflow
    for name in definition.fields:
        at = ("object", definition.name, ("fields", name))
        if not check_name(context, "a field", name, at, key=True):
            continue
        if definition.tree and name == PARENT:
            if definition.fields[name] != parent_field(definition):
                message = "`tree: true` makes the field `parent`."
                context.find(RESERVED, at, message, "remove it from `fields`", key=True)
        elif name in RESERVED_FIELDS or (name == "number" and definition.numbering):
            message = f"The engine makes the field `{name}`."
            context.find(RESERVED, at, message, "choose another name", key=True)
        elif workflow and name == workflow.field:
            message = f"The workflow makes the field `{name}`."
            context.find(RESERVED, at, message, "remove it from `fields`", key=True)
        elif name in RESERVED_WORDS:
            message = f"`{name}` means something in queries, paths or expressions."
            context.find(RESERVED, at, message, "choose another name", key=True)
    if workflow:
        at = ("object", definition.name, ("workflow", "field"))
        if check_name(context, "a field", workflow.field, at, key=False) and (
            workflow.field in RESERVED_FIELDS | RESERVED_WORDS
        ):
            context.find(RESERVED, at, f"`{workflow.field}` is taken.", "choose another name")


@object_check
def check_action_names(context: Context, definition: ObjectDef) -> None:
    """States have names; transitions and conversions have names of their own."""
    workflow = definition.workflow
    transitions = workflow.transitions if workflow else {}
    for state in workflow.states if workflow else ():
        at: Place = ("object", definition.name, ("workflow", "states", state))
        check_name(context, "a state", state, at, key=True)
    for name in transitions:
        at = ("object", definition.name, ("workflow", "transitions", name))
        check_name(context, "a transition", name, at, key=True)
    for name, meaning in engine_actions(definition).items():
        for path in (("workflow", "transitions"), ("conversions",)):
            if name in (transitions if path[0] == "workflow" else definition.conversions):
                at = ("object", definition.name, (*path, name))
                message = f"`{name}` is the action that {meaning}."
                context.find(ACTION_TAKEN, at, message, "choose another name", key=True)
    for name in definition.conversions:
        at = ("object", definition.name, ("conversions", name))
        if check_name(context, "a conversion", name, at, key=True) and name in transitions:
            message = f"`{name}` is already a transition."
            context.find(ACTION_TAKEN, at, message, "rename one of the two", key=True)


def engine_actions(definition: ObjectDef) -> dict[str, str]:
    """The actions that keys of an object bring along, and what each does."""
    actions: dict[str, str] = {}
    if definition.soft_delete:
        actions["restore"] = "brings a deleted record back"
    if definition.duplicates is not None:
        actions["merge"] = "merges two records into one"
    return actions


@object_check
def check_former_names(context: Context, definition: ObjectDef) -> None:
    """A former name belongs to one field and to none of today."""
    former: dict[str, str] = {}
    for field in definition.fields.values():
        if not field.was:
            continue
        at = ("object", definition.name, ("fields", field.name, "was"))
        if field.was in context.fields(definition.name):
            message = f"`{field.was}` is a field of today."
            context.find(WAS_TAKEN, at, message, "remove `was`, or the field")
        elif field.was in former:
            message = f"`{field.was}` is already the former name of `{former[field.was]}`."
            context.find(WAS_TAKEN, at, message, "a column can go to one field only")
        else:
            former[field.was] = field.name
