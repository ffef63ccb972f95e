"""Transitions and conversions as OpenAPI describes them: actions with bodies of their own."""

from objectry.compiler.schemas.fields import write_schema
from objectry.compiler.schemas.operation import (
    ETAG,
    LOCATION,
    UUID,
    answer,
    closed,
    json_body,
    label,
    operation,
)
from objectry.compiler.schemas.parts import parameter, problems
from objectry.compiler.schemas.shapes import Visible
from objectry.metadata.model import ConversionModel, Model, ObjectModel
from objectry.metadata.model.resolved import TransitionModel
from objectry.metadata.types import Reference, Schema

SOURCES_MAX = 500


def action_paths(
    model: Model, owner: ObjectModel, visible: Visible, reference: Reference, base: str
) -> dict[str, Schema]:
    """The paths of an object's actions that the caller may run."""
    paths: dict[str, Schema] = {}
    for name, transition in (owner.workflow.transitions if owner.workflow else {}).items():
        if visible(owner.name, name, "transition"):
            described = _transition(owner, transition, visible, reference)
            paths[f"{base}/{{id}}/actions/{name}"] = {"post": described}
    for name, conversion in owner.conversions.items():
        if visible(owner.name, name, "convert") and visible(conversion.to, None, "read"):
            described = _conversion(model, owner, conversion, reference)
            paths[f"{base}/{{id}}/actions/{name}"] = {"post": described}
            if conversion.definition.collective:
                described = _collective(model, owner, conversion, reference)
                paths[f"{base}/actions/{name}"] = {"post": described}
    return paths


def action(owner: ObjectModel, name: str, summary: str, body: Schema, answers: Schema) -> Schema:
    """An action on a record; its body may be left out unless the shape requires something."""
    shared = ("id", "if_match", "idempotency_key", "dry_run")
    return {
        **operation(owner, f"action.{name}", summary),
        "parameters": [parameter(each) for each in shared],
        "requestBody": {"required": "required" in body, "content": json_body(body)},
        "responses": {**answers, **problems("403", "404", "409", "412", "422")},
    }


def _transition(
    owner: ObjectModel, transition: TransitionModel, visible: Visible, reference: Reference
) -> Schema:
    declared = transition.definition
    said = declared.label or declared.name.replace("_", " ").capitalize()
    taken = {
        name: write_schema(owner, owner.fields[name], None, required=name in declared.requires)
        for name in sorted(transition.takes)
        if visible(owner.name, name, "read")
    }
    what = "The record as it is now."
    if transition.approvals:
        what += " Where others must approve too, its state is the old one."
    record = answer(what, reference(owner.name, "read"), ETAG)
    needed = (name for name in declared.requires if name in taken)
    body = closed(taken, *needed)
    return action(owner, declared.name, f"{label(owner)}: {said}", body, {"200": record})


def _conversion(
    model: Model, owner: ObjectModel, conversion: ConversionModel, reference: Reference
) -> Schema:
    name, summary = conversion.definition.name, _summary(model, owner, conversion)
    return action(owner, name, summary, closed(_part(conversion)), _made(conversion, reference))


def _collective(
    model: Model, owner: ObjectModel, conversion: ConversionModel, reference: Reference
) -> Schema:
    source = closed({"id": UUID, **_part(conversion)}, "id")
    sources: Schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": SOURCES_MAX,
        "description": "The records to make into one; their lines come in this order.",
        "items": source,
    }
    summary = f"{_summary(model, owner, conversion)} of several"
    return {
        **operation(owner, f"collective.{conversion.definition.name}", summary),
        "parameters": [parameter(each) for each in ("idempotency_key", "dry_run")],
        "requestBody": {
            "required": True,
            "content": json_body(closed({"sources": sources}, "sources")),
        },
        "responses": {**_made(conversion, reference), **problems("403", "404", "409", "422")},
    }


def _summary(model: Model, owner: ObjectModel, conversion: ConversionModel) -> str:
    said = conversion.definition.label or f"make {label(model.object(conversion.to))}"
    return f"{label(owner)}: {said}"


def _made(conversion: ConversionModel, reference: Reference) -> Schema:
    record = reference(conversion.to, "read")
    return {"201": answer("The new record.", record, {**ETAG, **LOCATION})}


def _part(conversion: ConversionModel) -> Schema:
    """The lines that a conversion is to take; nothing where it takes the whole."""
    if conversion.lines is None:
        return {}
    properties: Schema = {"id": UUID}
    if conversion.lines.quantity:
        number: Schema = {"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?$"}
        properties["quantity"] = number
    return {
        "lines": {
            "type": "array",
            "minItems": 1,
            "description": "Only these lines, and how much of each; without it all that is open.",
            "items": closed(properties, "id"),
        }
    }
