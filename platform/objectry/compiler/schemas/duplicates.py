"""Duplicates and their merging as OpenAPI describes them."""

from objectry.compiler.schemas.actions import action
from objectry.compiler.schemas.operation import ETAG, UUID, answer, closed, label, operation
from objectry.compiler.schemas.parts import AGE, parameter, problems
from objectry.compiler.schemas.shapes import Visible
from objectry.metadata.model import ObjectModel
from objectry.metadata.types import Reference, Schema

_SCORE: Schema = {"type": "integer", "minimum": 0, "maximum": 100}
_TEXT: Schema = {"type": ["string", "null"]}


def duplicate_paths(
    owner: ObjectModel, visible: Visible, reference: Reference, base: str
) -> dict[str, Schema]:
    """The paths of an object that says what makes two records the same."""
    if owner.definition.duplicates is None:
        return {}
    paths: dict[str, Schema] = {}
    may = {use: visible(owner.name, None, use) for use in ("read", "update", "delete")}
    if may["read"]:
        paths[f"{base}/{{id}}/duplicates"] = {"get": _duplicates(owner)}
    if may["update"] and may["delete"]:
        paths[f"{base}/{{id}}/actions/merge"] = {"post": _merge(owner, visible, reference)}
    return paths


def _duplicates(owner: ObjectModel) -> Schema:
    match = closed({"field": {"type": "string"}, "score": _SCORE}, "field", "score")
    found = closed(
        {
            "id": UUID,
            "number": _TEXT,
            "title": _TEXT,
            "score": _SCORE,
            "matches": {"type": "array", "items": match},
        },
        "id",
        "number",
        "title",
        "score",
        "matches",
    )
    shown = closed({"data": {"type": "array", "items": found}}, "data")
    return {
        **operation(owner, "duplicates", f"{label(owner)}: records that may be the same"),
        "parameters": [parameter(name) for name in ("id", "stale")],
        "responses": {
            "200": answer("The likeliest first, and what of them is alike.", shown, AGE),
            **problems("404"),
        },
    }


def _merge(owner: ObjectModel, visible: Visible, reference: Reference) -> Schema:
    fields = [
        name
        for name, field in owner.fields.items()
        if field.writable and not field.is_table and visible(owner.name, name, "write")
    ]
    body = closed(
        {
            "with": {"type": "string", "description": "The id or number of the record to take in."},
            "take": {
                "type": "array",
                "description": "The fields whose values are to be that record's.",
                "items": {"enum": fields} if fields else False,
            },
        },
        "with",
    )
    record = answer("The record with all of the other one.", reference(owner.name, "read"), ETAG)
    return action(owner, "merge", f"{label(owner)}: Take in a duplicate", body, {"200": record})
