"""Transitions beyond their states: who approves, when the engine takes them, what a body gives."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.references import ROLES, UNKNOWN_FIELD, UNKNOWN_ROLE, WRONG_FIELD
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.behaviour import MOMENTS
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.documents import TransitionDef

NOT_TOGETHER = code(
    "OBJ0360",
    "Keys of a transition that don't go together",
    "A transition that the engine takes `at` a moment waits for nobody and gets no body: it has no "
    "`approvals` and no `requires`. An approval is of the record as it is, so a transition with "
    "`approvals` has no `takes` or `requires` either.",
    wrong=(
        "object: offer\nservice: offers\nfields: {due: {type: date}}\n"
        "workflow: {initial: sent, states: [sent, expired], transitions: "
        "{expire: {from: sent, to: expired, at: due, approvals: [{roles: [admin]}]}}}"
    ),
    right=(
        "object: offer\nservice: offers\nfields: {due: {type: date}}\n"
        "workflow: {initial: sent, states: [sent, expired], transitions: "
        "{expire: {from: sent, to: expired, at: due}}}"
    ),
)


@object_check
def check_transitions(context: Context, definition: ObjectDef) -> None:
    """Approvals, moments and taken fields of every transition."""
    transitions = definition.workflow.transitions if definition.workflow else {}
    for transition in transitions.values():
        path: Path = ("workflow", "transitions", transition.name)
        _check_together(context, definition, transition, path)
        _check_approvals(context, definition, transition, path)
        if transition.at is not None:
            at = ("object", definition.name, (*path, "at"))
            context.compile(definition.name, transition.at, at, expects=MOMENTS)
        for key, names in (("takes", transition.takes), ("requires", transition.requires)):
            for index, name in enumerate(names):
                _check_taken(context, definition, name, (*path, key, index))


def _check_together(
    context: Context, definition: ObjectDef, transition: TransitionDef, path: Path
) -> None:
    given = {
        key: bool(getattr(transition, key)) for key in ("at", "approvals", "takes", "requires")
    }
    for one, other in (("at", "approvals"), ("at", "requires")):
        if given[one] and given[other]:
            message = f"The engine takes `{transition.name}` by itself, so it has no `{other}`."
            at: Place = ("object", definition.name, (*path, other))
            context.find(NOT_TOGETHER, at, message, "remove one of the two", key=True)
    for other in ("takes", "requires"):
        if given["approvals"] and given[other]:
            message = f"Approving `{transition.name}` changes no field, so it has no `{other}`."
            at = ("object", definition.name, (*path, other))
            context.find(NOT_TOGETHER, at, message, "remove one of the two", key=True)


def _check_approvals(
    context: Context, definition: ObjectDef, transition: TransitionDef, path: Path
) -> None:
    roles = sorted(set(context.definitions.roles) | ROLES)
    for index, step in enumerate(transition.approvals):
        place: Path = (*path, "approvals", index)
        for position, role in enumerate(step.roles):
            at: Place = ("object", definition.name, (*place, "roles", position))
            context.expect(UNKNOWN_ROLE, "role", role, roles, at)


def _check_taken(context: Context, definition: ObjectDef, name: str, path: Path) -> None:
    """A field that a body may set: one that can be entered, and after the record was made."""
    at: Place = ("object", definition.name, path)
    field = context.expect_field(UNKNOWN_FIELD, definition.name, name, at)
    if field is None:
        return
    entered = name in definition.fields and field.type != "table"
    derived = field.formula is not None or bool(field.computed)
    if not entered or derived or field.read_only or field.immutable:
        context.find(WRONG_FIELD, at, f"`{name}` can't be set by a transition's body.")
