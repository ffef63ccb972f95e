"""The behaviour of an object, typed: numbers, workflow, conversions, locking, permissions."""

from typing import TYPE_CHECKING, Literal

from objectry.expressions.expression import Expression
from objectry.expressions.types import Kind
from objectry.metadata.model.definitions import ObjectDef, PermissionDef, Right
from objectry.metadata.model.documents import ConversionDef, ConversionLinesDef, TransitionDef
from objectry.metadata.model.resolved import (
    ApprovalStepModel,
    ConversionLinesModel,
    ConversionModel,
    ImmutableModel,
    NumberingModel,
    PermissionModel,
    RowRule,
    TransitionModel,
    WorkflowModel,
)
from objectry.metadata.model.scope import kinds
from objectry.metadata.model.system import is_drawn

if TYPE_CHECKING:
    from objectry.metadata.model.model import Model

MOMENTS = (Kind.DATE, Kind.DATETIME)  # what a transition's `at` may give
RIGHTS: tuple[Right, ...] = ("none", "mask", "read", "write")  # from least to most


def numbering(model: "Model", definition: ObjectDef) -> NumberingModel | None:
    """How the object is numbered; the keys of a named sequence hold where the object has none."""
    own = definition.numbering
    if own is None:
        return None
    shared = model.definitions.sequences.get(own.sequence)
    reset: Literal["never", "year"] = own.reset
    if shared is not None and reset == "never":
        reset = shared.reset
    return NumberingModel(
        series=shared.name if shared else definition.name,
        pattern=own.pattern or (shared.pattern if shared else "{seq}"),
        scope=own.scope or (shared.scope if shared else ()),
        gapless=own.gapless or (shared.gapless if shared else False),
        reset=reset,
        at=own.at,
        date=own.date,
    )


def autonumbers(definition: ObjectDef) -> dict[str, NumberingModel]:
    """The further numbers of a record: each field of such a type has a series of its own."""
    return {
        field.name: NumberingModel(
            series=f"{definition.name}.{field.name}",
            pattern=field.pattern or "{seq}",
            scope=(),
            gapless=field.gapless,
            reset="never",
            at="create",
            date="",
        )
        for field in definition.fields.values()
        if is_drawn(field)
    }


def workflow(model: "Model", definition: ObjectDef) -> WorkflowModel | None:
    """The workflow with typed guards."""
    own = definition.workflow
    if own is None:
        return None
    return WorkflowModel(
        definition=own,
        transitions={
            name: _transition(model, definition.name, transition)
            for name, transition in own.transitions.items()
        },
        final=frozenset(name for name, state in own.states.items() if state.final),
    )


def _transition(model: "Model", object_name: str, transition: TransitionDef) -> TransitionModel:
    return TransitionModel(
        definition=transition,
        guard=_typed(model, object_name, transition.when),
        approvals=tuple(
            ApprovalStepModel(definition=step, when=_typed(model, object_name, step.when))
            for step in transition.approvals
        ),
        at=None
        if transition.at is None
        else model.expression(object_name, transition.at, variables=(), expects=MOMENTS),
    )


def immutable(model: "Model", definition: ObjectDef) -> ImmutableModel | None:
    """When the record is locked."""
    own = definition.immutable
    if own is None:
        return None
    return ImmutableModel(
        definition=own,
        when=model.expression(definition.name, own.when, variables=(), expects=(Kind.BOOLEAN,)),
    )


def conversions(model: "Model", definition: ObjectDef) -> dict[str, ConversionModel]:
    """The conversions out of an object, with typed maps."""
    return {
        name: _conversion(model, definition, conversion)
        for name, conversion in definition.conversions.items()
    }


def _conversion(
    model: "Model", definition: ObjectDef, conversion: ConversionDef
) -> ConversionModel:
    releases = conversion.releases_when
    return ConversionModel(
        definition=conversion,
        to=conversion.to,
        when=_typed(model, definition.name, conversion.when),
        map={
            key: model.expression(definition.name, source) for key, source in conversion.map.items()
        },
        lines=_lines(model, definition, conversion, conversion.lines) if conversion.lines else None,
        releases_when=None
        if releases is None
        else model.expression(conversion.to, releases, variables=(), expects=(Kind.BOOLEAN,)),
    )


def _lines(
    model: "Model", definition: ObjectDef, conversion: ConversionDef, lines: ConversionLinesDef
) -> ConversionLinesModel:
    source_object = definition.fields[lines.source].of
    target_object = model.definitions.objects[conversion.to].fields[lines.to].of
    return ConversionLinesModel(
        source=lines.source,
        to=lines.to,
        source_object=source_object,
        target_object=target_object,
        when=_typed(model, source_object, lines.when),
        map=_map(model, source_object, lines.map, target_object),
        quantity=lines.quantity,
        target_quantity=target_quantity(lines),
    )


def target_quantity(lines: ConversionLinesDef) -> str:
    """The target row's quantity field: the one mapped from the source's, else of the same name."""
    if not lines.quantity:
        return ""
    mapped = (key for key, source in lines.map.items() if source.strip() == lines.quantity)
    return next(mapped, lines.quantity)


def permissions(model: "Model", definition: ObjectDef) -> dict[str, PermissionModel]:
    """What each role may do: grants under the object and under `role` documents, united."""
    grants: dict[str, list[PermissionDef]] = {}
    for role, grant in definition.permissions.items():
        grants.setdefault(role, []).append(grant)
    for role, grant in model.role_grants(definition.name):
        grants.setdefault(role, []).append(grant)
    return {role: _permission(model, definition, role, many) for role, many in grants.items()}


def _permission(
    model: "Model", definition: ObjectDef, role: str, grants: list[PermissionDef]
) -> PermissionModel:
    fields: dict[str, Right] = {}
    for grant in grants:
        for name, right in grant.fields.items():
            # A field that only one of the documents restricts stays restricted.
            known = fields.get(name, right)
            fields[name] = right if RIGHTS.index(right) > RIGHTS.index(known) else known
    return PermissionModel(
        role=role,
        rules={
            action: _rule(model, definition.name, [granted(g, action) for g in grants])
            for action in ("read", "create", "update", "delete", "export", "import", "print")
        },
        transitions=tuple(dict.fromkeys(name for g in grants for name in g.transitions)),
        conversions=tuple(dict.fromkeys(name for g in grants for name in g.conversions)),
        fields=fields,
        deny=frozenset(name for grant in grants for name in grant.deny),
    )


def granted(grant: PermissionDef, action: str) -> bool | str:
    """The grant of one action, by its YAML key."""
    value: bool | str = getattr(grant, "import_" if action == "import" else action)
    return value


def _rule(model: "Model", object_name: str, grants: list[bool | str]) -> RowRule:
    if any(grant is True for grant in grants):
        return True
    rules = [grant for grant in grants if isinstance(grant, str)]
    if not rules:
        return False
    source = rules[0] if len(rules) == 1 else " or ".join(f"({rule})" for rule in rules)
    return model.expression(object_name, source, expects=(Kind.BOOLEAN,))


def _typed(model: "Model", object_name: str, source: str | None) -> Expression | None:
    if source is None:
        return None
    return model.expression(object_name, source, expects=(Kind.BOOLEAN,))


def _map(
    model: "Model", source_object: str, map_: dict[str, str], target_object: str
) -> dict[str, Expression]:
    target, types = model.definitions.objects[target_object], model.catalog.types
    return {
        key: model.expression(
            source_object, source, expects=kinds(target.fields[key], target_object, types)
        )
        for key, source in map_.items()
    }
